using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Reading;
using NearCache.Remote.Formats;
using NearCache.Writing;

namespace NearCache.Creating;

/// <summary>Runs the factory of a creation, and stores the result if the permit allows it.</summary>
internal sealed class FillPath(
    ReadPath reads,
    WritePath writes,
    RecentFills? recent,
    StaleStore stale,
    ValueTranscoder format,
    NearClock clock,
    TimeProvider time,
    NearCacheMetrics metrics,
    ILogger logger,
    NearCacheOptions options)
{
    private readonly ConcurrentDictionary<FillLease, bool> _held = [];

    /// <summary>
    /// Releases every lease, because the cache is disposed and other processes need not wait. The factories continue, and their callers
    /// receive the results.
    /// </summary>
    public Task ReleaseAllAsync() => Task.WhenAll(_held.Keys.Select(lease => lease.ReleaseAsync()));

    /// <summary>Runs the factory, and stores the result unless the key was written since the permit was given.</summary>
    public async ValueTask<CacheResult<T>> FillAsync<T>(CreationContext<T> creation, FillPermit right, CancellationToken cancellationToken)
    {
        var result = await FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
        await StoreAsync(creation, right, result, cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>
    /// Runs the factory under the lease that memcached gave to this process. The lease is held while the factory runs, and released
    /// whenever it was not used.
    /// </summary>
    public async ValueTask<CacheResult<T>> FillUnderLeaseAsync<T>(
        CreationContext<T> creation, FillPermit right, CancellationToken cancellationToken)
    {
        var end = FillOutcome.NotSent;
        var lease = new FillLease(creation.Place, right, options.FillLease, time, cancellationToken);
        _held.TryAdd(lease, true);
        try
        {
            var result = await FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            await lease.StopRenewingAsync();
            end = FillOutcome.Unknown;
            end = await StoreAsync(creation, right, result, cancellationToken).ConfigureAwait(false);
            return result;
        }
        finally
        {
            if (end is FillOutcome.NotSent or FillOutcome.Unknown)
            {
                await ReleaseAsync(creation, lease, end).ConfigureAwait(false);
            }

            _held.TryRemove(lease, out _);
            await lease.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Runs the factory, and stores nothing.</summary>
    public async ValueTask<CacheResult<T>> FromFactoryAsync<T>(CreationContext<T> creation, CancellationToken cancellationToken)
    {
        var value = Immutability.Detach(await creation.Factory(creation.Flight, cancellationToken).ConfigureAwait(false));
        creation.Flight.MarkCurrentAsOf(creation.Flight.FactoryStartedAt, options.MaxStaleness);
        return creation.Remember(new CacheResult<T>(value, CacheSource.Factory, 0, CacheVersion.None), stale, default, format);
    }

    // If the empty item was still there at its removal, no write came between; if not, one did.
    private static async Task ReleaseAsync<T>(CreationContext<T> creation, FillLease lease, FillOutcome end)
    {
        var now = creation.Flight.Now();
        var isReleased = await lease.ReleaseAsync().ConfigureAwait(false);
        if (end == FillOutcome.NotSent && isReleased is { } wasThere)
        {
            creation.Flight.MarkCurrentAsOf(wasThere ? now : creation.Flight.FactoryStartedAt);
        }
    }

    private ValueTask<FillOutcome> StoreAsync<T>(
        CreationContext<T> creation, FillPermit right, in CacheResult<T> result, CancellationToken cancellationToken)
    {
        var lifetime = LifetimeOf(creation, result);
        if (lifetime <= TimeSpan.Zero || !creation.MayStore(result))
        {
            return new(FillOutcome.NotSent);
        }

        if (!creation.Place.Server.Server.Compares)
        {
            // Continues after all callers have left: a value stored too late is removed again.
            return new(StoreUncomparedAsync(creation, result, lifetime).WaitOrAbandonAsync(cancellationToken));
        }

        // Whether the CAS is still valid is decided where the command is sent.
        var isAdded = right.Cas is null && !options.UseLeases;
        return !isAdded && right.Now<FillProtocol>(isSameLife: true) == StoreMode.Not
            ? new(FillOutcome.NotSent)
            : StoreComparedAsync(creation, right, result, lifetime, isAdded, cancellationToken);
    }

    private async ValueTask<FillOutcome> StoreComparedAsync<T>(
        CreationContext<T> creation,
        FillPermit right,
        CacheResult<T> result,
        TimeSpan lifetime,
        bool isAdded,
        CancellationToken cancellationToken)
    {
        var place = creation.Place;
        // Without leases a miss has no CAS: the value is added, and a concurrent removal is not noticed.
        var command = format.Set(place.Physical, result.Value, lifetime, out var plain) with
        {
            CompareCas = right.Cas,
            Mode = isAdded ? MetaSetMode.Add : MetaSetMode.Set,
            Return = MetaFields.Cas,
        };
        creation.Bytes = plain;
        var now = creation.Flight.Now();
        var life = place.Server.Epoch;
        try
        {
            var storing = isAdded
                ? place.Server.Server.ExecuteAsync(command, CancellationToken.None).AsTask()
                : place.Server.CompareAsync(right.Origin, command);
            var stored = await storing.WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
            if (stored.Status == MetaStatus.Error)
            {
                throw new MemcachedServerErrorException(place.Server.Server.Name, "set", $"{stored.Error}{WritePath.RemedyOf(stored)}");
            }

            if (stored.Status != MetaStatus.Ok)
            {
                // The key was written or removed since the permit was given. A caller that joined after the factory started may have begun
                // after that write.
                creation.Flight.MarkCurrentAsOf(creation.Flight.FactoryStartedAt);
                return FillOutcome.Refused;
            }

            if (creation.Policy.Limit(creation.Fill, (int)lifetime.TotalSeconds) is { } fill)
            {
                reads.KeepNear(place, fill, result.Value!, plain, (int)lifetime.TotalSeconds, new CacheVersion(stored.Cas, life));
            }

            if (!isAdded)
            {
                // No write came between the permit and this store, so the result is as current as a read now.
                creation.Flight.MarkCurrentAsOf(now);
            }

            return FillOutcome.Stored;
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException or ObjectDisposedException)
        {
            // A call that began before disposal receives its value.
            NotStored(e);
        }
        catch (ArgumentException e)
        {
            // The client does not send values above MaxValueBytes.
            logger.RemoteFailed(e, "fill", "the factory's value, which is not stored");
            return FillOutcome.NotSent;
        }

        return FillOutcome.Unknown;
    }

    // The remote tier cannot show whether the key was written while the factory ran, so only writes known to this process count. A write
    // learned of within seconds removes the value again.
    private async Task<FillOutcome> StoreUncomparedAsync<T>(CreationContext<T> creation, CacheResult<T> result, TimeSpan lifetime)
    {
        var place = creation.Place;
        if (WasWritten(creation))
        {
            creation.Flight.MarkCurrentAsOf(creation.Flight.FactoryStartedAt);
            return FillOutcome.NotSent;
        }

        var command = format.Set(place.Physical, result.Value, lifetime, out var plain) with
        {
            Mode = creation.IsReplacing ? MetaSetMode.Set : MetaSetMode.Add,
        };
        creation.Bytes = plain;
        recent?.Stored(place.Text, place.Hash.Segment, clock.Monotonic());
        try
        {
            if ((await place.Server.Server.ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false)).Status != MetaStatus.Ok)
            {
                return FillOutcome.Refused;
            }

            recent?.Stored(place.Text, place.Hash.Segment, clock.Monotonic());
            if (WasWritten(creation))
            {
                creation.Flight.MarkCurrentAsOf(creation.Flight.FactoryStartedAt);
                await writes.MutateAsync(place, MetaCommand.Delete(place.Physical), "remove", CancellationToken.None).ConfigureAwait(false);
            }
            else if (creation.Policy.Limit(creation.Fill, (int)lifetime.TotalSeconds) is { } fill)
            {
                reads.KeepNear(place, fill, result.Value!, plain, (int)lifetime.TotalSeconds, CacheVersion.None);
            }
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            NotStored(e);
        }

        return FillOutcome.Unknown;
    }

    // Logs a failed store, or the failed removal of a value stored too late, which is counted there.
    private void NotStored(Exception exception)
    {
        if (exception is MemcachedException)
        {
            metrics.RemoteFailed("fill");
            logger.RemoteFailed(exception, "fill", "the factory's value, which is not stored");
        }
        else
        {
            logger.RemoteFailed(exception, "fill", "the factory's value");
        }
    }

    private bool WasWritten<T>(CreationContext<T> creation) =>
        stale.EpochOf(creation.Place.Hash) != creation.Place.StaleEpoch
            || (creation.Fill is { } fill && !creation.Place.Server.Gate.MayServe(fill.Token));

    private TimeSpan LifetimeOf<T>(CreationContext<T> creation, in CacheResult<T> result) =>
        creation.Policy.LifetimeOf(
            result.Value is null, result.Value is null ? reads.RuleOf(creation.Place)?.Rule.MissLifetime : null, options.LifetimeJitter);

    /// <summary>Specifies the outcome of a store under a lease.</summary>
    private enum FillOutcome
    {
        /// <summary>No store was sent; the item is unchanged as far as this process knows.</summary>
        NotSent,

        /// <summary>The value has replaced the item.</summary>
        Stored,

        /// <summary>The item was gone.</summary>
        Refused,

        /// <summary>A store was sent but not answered, or it failed.</summary>
        Unknown,
    }
}
