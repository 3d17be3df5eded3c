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

/// <summary>The end of a creation: the caller's factory is asked, and what it returned is stored where the right to fill allows.</summary>
internal sealed class FillPath(
    ReadPath reads, WritePath writes, StaleStore stale, ValueTranscoder format, TimeProvider time, NearCacheMetrics metrics, ILogger logger, NearCacheOptions options)
{
    private readonly ConcurrentDictionary<FillLease, bool> _held = [];

    /// <summary>
    /// Gives back every right to fill: the cache is disposed, and other processes need not wait until the rights end. The factories go on,
    /// and their callers get what they return.
    /// </summary>
    public Task ReleaseAllAsync() => Task.WhenAll(_held.Keys.Select(lease => lease.ReleaseAsync()));

    /// <summary>Asks the source, and stores what it returned unless the key was written since the right was given.</summary>
    public async ValueTask<CacheResult<T>> FillAsync<T>(CreationContext<T> creation, FillPermit right, CancellationToken cancellationToken)
    {
        var result = await FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
        await StoreAsync(creation, right, result, cancellationToken).ConfigureAwait(false);
        return result;
    }

    /// <summary>
    /// The same by the right that memcached gave to one process of the fleet: held while the factory runs, and given back on every way out
    /// on which it was not used.
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

    /// <summary>Asks the source, and stores nothing.</summary>
    public async ValueTask<CacheResult<T>> FromFactoryAsync<T>(CreationContext<T> creation, CancellationToken cancellationToken)
    {
        var value = await creation.Factory(creation.Flight, cancellationToken).ConfigureAwait(false);
        creation.Flight.MarkCurrentAsOf(creation.Flight.FactoryStartedAt, options.MaxStaleness);
        return creation.Remember(new CacheResult<T>(value, CacheSource.Factory, 0, CacheVersion.None), stale, default, format);
    }

    // That the empty item of the lease was still there when it was removed shows that no write came between; that it was not, that one did.
    private static async Task ReleaseAsync<T>(CreationContext<T> creation, FillLease lease, FillOutcome end)
    {
        var now = creation.Flight.Now();
        var isReleased = await lease.ReleaseAsync().ConfigureAwait(false);
        if (end == FillOutcome.NotSent && isReleased is { } wasThere)
        {
            creation.Flight.MarkCurrentAsOf(wasThere ? now : creation.Flight.FactoryStartedAt);
        }
    }

    private async ValueTask<FillOutcome> StoreAsync<T>(
        CreationContext<T> creation, FillPermit right, CacheResult<T> result, CancellationToken cancellationToken)
    {
        var place = creation.Place;
        var lifetime = LifetimeOf(creation, result);
        if (lifetime <= TimeSpan.Zero || !creation.MayStore(result))
        {
            return FillOutcome.NotSent;
        }

        if (!place.Server.Server.Compares)
        {
            // It goes on when all callers have left: what it stored too late, it removes.
            return await StoreUncomparedAsync(creation, result, lifetime).WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
        }

        // Whether the CAS still means what it meant is found out where the command is sent.
        var isAdded = right.Cas is null && !options.UseLeases;
        if (!isAdded && right.Now<FillProtocol>(isSameLife: true) == StoreMode.Not)
        {
            return FillOutcome.NotSent;
        }

        // Without leases a miss has no CAS: the value is added, and a removal meanwhile goes unnoticed.
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
                // Written or removed since the right was given: a caller that came after the factory had begun may have come after that,
                // too.
                creation.Flight.MarkCurrentAsOf(creation.Flight.FactoryStartedAt);
                return FillOutcome.Refused;
            }

            if (creation.Policy.Limit(creation.Fill, (int)lifetime.TotalSeconds) is { } fill)
            {
                reads.KeepNear(place, fill, result.Value!, plain, (int)lifetime.TotalSeconds, new CacheVersion(stored.Cas, life));
            }

            if (!isAdded)
            {
                // Nothing came between the right and this: the result is as current as a read of now.
                creation.Flight.MarkCurrentAsOf(now);
            }

            return FillOutcome.Stored;
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException or ObjectDisposedException)
        {
            // A call that began before disposal gets its value.
            NotStored(e);
        }
        catch (ArgumentException e)
        {
            // The client sends no value above MaxValueBytes.
            logger.RemoteFailed(e, "fill", "the factory's value, which is kept nowhere");
            return FillOutcome.NotSent;
        }

        return FillOutcome.Unknown;
    }

    // Nothing on the remote says whether the key was written while the factory ran: what this process knows of is all there is. A write
    // that it only hears of later stays overwritten.
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
        try
        {
            if ((await place.Server.Server.ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false)).Status != MetaStatus.Ok)
            {
                return FillOutcome.Refused;
            }

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

    // Storing failed, or the removal of what was stored too late, which counts itself.
    private void NotStored(Exception exception)
    {
        if (exception is MemcachedException)
        {
            metrics.RemoteFailed("fill");
            logger.RemoteFailed(exception, "fill", "the factory's value, which is kept nowhere");
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

    /// <summary>What became of the item by whose right a fill stores.</summary>
    private enum FillOutcome
    {
        /// <summary>No store was sent: the item is as it was, as far as this process knows.</summary>
        NotSent,

        /// <summary>The value stands in its place.</summary>
        Stored,

        /// <summary>It was gone.</summary>
        Refused,

        /// <summary>A store was sent and not answered, or failed.</summary>
        Unknown,
    }
}
