using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Remote;

namespace NearCache.Paths;

/// <summary>The end of a creation: the caller's factory is asked, and what it returned is stored where the right to fill allows.</summary>
internal sealed class FillPath(
    ReadPath reads, WritePath writes, StaleStore stale, ValueFormat format, TimeProvider time, NearCacheMetrics metrics, ILogger logger, NearCacheOptions options)
{
    private readonly ConcurrentDictionary<FillLease, bool> _held = [];

    /// <summary>
    /// Gives back every right to fill: the cache is disposed, and other processes need not wait until the rights end. The factories go on,
    /// and their callers get what they return.
    /// </summary>
    public Task ReleaseAllAsync() => Task.WhenAll(_held.Keys.Select(lease => lease.ReleaseAsync()));

    /// <summary>Asks the source, and stores what it returned unless the key was written since the right was given.</summary>
    public async ValueTask<CacheResult<T>> FillAsync<T>(Creation<T> creation, FillPermit right, CancellationToken cancellationToken)
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
        Creation<T> creation, FillPermit right, CancellationToken cancellationToken)
    {
        var end = FillEnd.NotTried;
        var lease = new FillLease(creation.Place, right, options.FillLease, time, cancellationToken);
        _held.TryAdd(lease, true);
        try
        {
            var result = await FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            await lease.StopRenewingAsync();
            end = FillEnd.Unknown;
            end = await StoreAsync(creation, right, result, cancellationToken).ConfigureAwait(false);
            return result;
        }
        finally
        {
            if (end is FillEnd.NotTried or FillEnd.Unknown)
            {
                await ReleaseAsync(creation, lease, end).ConfigureAwait(false);
            }

            _held.TryRemove(lease, out _);
            await lease.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Asks the source, and stores nothing.</summary>
    public async ValueTask<CacheResult<T>> FromFactoryAsync<T>(Creation<T> creation, CancellationToken cancellationToken)
    {
        var value = await creation.Factory(creation.Flight, cancellationToken).ConfigureAwait(false);
        creation.Flight.Vouch(creation.Flight.FactoryBegan, options.MaxStaleness);
        return creation.Remember(new CacheResult<T>(value, CacheSource.Factory, 0, CacheVersion.None), stale, default, format);
    }

    // That the empty item of the lease was still there when it was removed shows that no write came between; that it was not, that one did.
    private static async Task ReleaseAsync<T>(Creation<T> creation, FillLease lease, FillEnd end)
    {
        var now = creation.Flight.Now();
        var isReleased = await lease.ReleaseAsync().ConfigureAwait(false);
        if (end == FillEnd.NotTried && isReleased is { } wasThere)
        {
            creation.Flight.Vouch(wasThere ? now : creation.Flight.FactoryBegan);
        }
    }

    private async ValueTask<FillEnd> StoreAsync<T>(
        Creation<T> creation, FillPermit right, CacheResult<T> result, CancellationToken cancellationToken)
    {
        var place = creation.Place;
        var lifetime = LifetimeOf(creation, result);
        if (lifetime <= TimeSpan.Zero || !creation.Stores(result))
        {
            return FillEnd.NotTried;
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
            return FillEnd.NotTried;
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
                creation.Flight.Vouch(creation.Flight.FactoryBegan);
                return FillEnd.Refused;
            }

            if (creation.Policy.Limit(creation.Fill, (int)lifetime.TotalSeconds) is { } fill)
            {
                reads.Keep(place, fill, result.Value!, plain, (int)lifetime.TotalSeconds, new CacheVersion(stored.Cas, life));
            }

            if (!isAdded)
            {
                // Nothing came between the right and this: the result is as current as a read of now.
                creation.Flight.Vouch(now);
            }

            return FillEnd.Stored;
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
            return FillEnd.NotTried;
        }

        return FillEnd.Unknown;
    }

    // Nothing on the remote says whether the key was written while the factory ran: what this process knows of is all there is. A write
    // that it only hears of later stays overwritten.
    private async Task<FillEnd> StoreUncomparedAsync<T>(Creation<T> creation, CacheResult<T> result, TimeSpan lifetime)
    {
        var place = creation.Place;
        if (WasWritten(creation))
        {
            creation.Flight.Vouch(creation.Flight.FactoryBegan);
            return FillEnd.NotTried;
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
                return FillEnd.Refused;
            }

            if (WasWritten(creation))
            {
                creation.Flight.Vouch(creation.Flight.FactoryBegan);
                await writes.MutateAsync(place, MetaCommand.Delete(place.Physical), "remove", CancellationToken.None).ConfigureAwait(false);
            }
            else if (creation.Policy.Limit(creation.Fill, (int)lifetime.TotalSeconds) is { } fill)
            {
                reads.Keep(place, fill, result.Value!, plain, (int)lifetime.TotalSeconds, CacheVersion.None);
            }
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            NotStored(e);
        }

        return FillEnd.Unknown;
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

    private bool WasWritten<T>(Creation<T> creation) =>
        stale.EpochOf(creation.Place.Hash) != creation.Place.StaleEpoch
            || (creation.Fill is { } fill && !creation.Place.Server.Gate.MayServe(fill.Token));

    private TimeSpan LifetimeOf<T>(Creation<T> creation, in CacheResult<T> result) =>
        creation.Policy.LifetimeOf(
            result.Value is null, result.Value is null ? reads.RuleOf(creation.Place)?.Rule.MissLifetime : null, options.LifetimeJitter);

    /// <summary>What became of the item by whose right a fill stores.</summary>
    private enum FillEnd
    {
        /// <summary>No store was sent: the item is as it was, as far as this process knows.</summary>
        NotTried,

        /// <summary>The value stands in its place.</summary>
        Stored,

        /// <summary>It was gone.</summary>
        Refused,

        /// <summary>A store was sent and not answered, or failed.</summary>
        Unknown,
    }
}
