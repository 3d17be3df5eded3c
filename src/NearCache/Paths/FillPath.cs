using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Remote;

namespace NearCache.Paths;

/// <summary>The end of a creation: the caller's factory is asked, and what it returned is stored where the right to fill allows.</summary>
internal sealed class FillPath(
    ReadPath reads, WritePath writes, StaleStore stale, FlightBoard flights, ValueFormat format, TimeProvider time, NearCacheMetrics metrics, ILogger logger, NearCacheOptions options)
{
    /// <summary>Asks the source, and stores what it returned unless somebody has written since the right was given.</summary>
    public async ValueTask<CacheResult<T>> FillAsync<T>(Creation<T> creation, FillRight right, CancellationToken cancellationToken, bool isRefresh = false)
    {
        var result = await FromFactoryAsync(creation, cancellationToken, isRefresh).ConfigureAwait(false);
        var place = creation.Place;
        var lifetime = LifetimeOf(creation, result);
        if (lifetime <= TimeSpan.Zero || !creation.Stores(result))
        {
            return result;
        }

        if (!place.Server.Server.Compares)
        {
            await StoreUncomparedAsync(creation, result, lifetime, cancellationToken).ConfigureAwait(false);
            return result;
        }

        var connection = place.Server.Server.IsConnected(right.Connection) ? right.Connection : 0;
        var isAdded = right.Cas is null && !options.UseLeases;
        if (!isAdded && right.Now<LeasesAsDesigned>(connection, place.Server.Epoch) == FillStore.Not)
        {
            return result;
        }

        // Without leases a miss has no CAS: the value is added, and a removal meanwhile goes unnoticed.
        var command = format.Set(place.Physical, result.Value, lifetime, out var plain) with
        {
            CompareCas = right.Cas,
            Mode = isAdded ? MetaSetMode.Add : MetaSetMode.Set,
            Return = MetaFields.Cas,
        };
        creation.Bytes = plain;
        try
        {
            var storing = right.Cas is null ? place.Server.Server.ExecuteAsync(command, CancellationToken.None).AsTask() : place.Server.CompareAsync(right.Origin, command);
            var stored = await storing.WaitAsync(cancellationToken).ConfigureAwait(false);
            if (stored.Status == MetaStatus.Ok && creation.Fill is { } fill)
            {
                reads.Keep(place, fill, result.Value!, plain, creation.Policy.SecondsNear((int)lifetime.TotalSeconds), new CacheVersion(stored.Cas, right.Life));
            }
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            NotStored(e);
        }
        catch (ArgumentException e)
        {
            // The client sends no value above MaxValueBytes.
            creation.IsTooLarge = true;
            logger.RemoteFailed(e, "fill", "the factory's value, which is kept nowhere");
        }

        return result;
    }

    /// <summary>The same by the right that memcached gave to one process of the fleet: held while the factory runs, given back when nothing came of it.</summary>
    public async ValueTask<CacheResult<T>> FillUnderLeaseAsync<T>(Creation<T> creation, FillRight right, CancellationToken cancellationToken)
    {
        var lease = new FillLease(creation.Place, right.Cas!.Value, right.Origin, options.FillLease, time);
        try
        {
            var result = await FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
            if (creation.IsTooLarge || LifetimeOf(creation, result) <= TimeSpan.Zero || !creation.Stores(result))
            {
                // The source has nothing, or too much, and that is not to be kept: others need not wait for the end of the lease.
                await lease.ReleaseAsync().ConfigureAwait(false);
            }

            return result;
        }
        catch
        {
            await lease.ReleaseAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            await lease.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Asks the source, and stores nothing.</summary>
    public async ValueTask<CacheResult<T>> FromFactoryAsync<T>(Creation<T> creation, CancellationToken cancellationToken, bool isRefresh = false)
    {
        // A refresh that is under way asks the source already.
        var value = !isRefresh && flights.Refreshing<T>(creation.Place.Text) is { } refreshing
            ? (await refreshing.WaitAsync(cancellationToken).ConfigureAwait(false)).Value!
            : await creation.Factory(cancellationToken).ConfigureAwait(false);
        return creation.Remember(new CacheResult<T>(value, CacheSource.Factory, 0, CacheVersion.None), stale, default, format);
    }

    // Nothing on the remote says whether somebody wrote while the factory ran: what this process knows of is all there is. A write that it only hears of later stays overwritten.
    private async ValueTask StoreUncomparedAsync<T>(Creation<T> creation, CacheResult<T> result, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var place = creation.Place;
        if (WasWritten(creation))
        {
            return;
        }

        var command = format.Set(place.Physical, result.Value, lifetime, out var plain) with { Mode = creation.IsReplacing ? MetaSetMode.Set : MetaSetMode.Add };
        creation.Bytes = plain;
        try
        {
            if ((await place.Server.Server.ExecuteAsync(command, cancellationToken).ConfigureAwait(false)).Status != MetaStatus.Ok)
            {
                return;
            }

            if (WasWritten(creation))
            {
                await writes.MutateAsync(place, MetaCommand.Delete(place.Physical), "remove", CancellationToken.None).ConfigureAwait(false);
            }
            else if (creation.Fill is { } fill)
            {
                reads.Keep(place, fill, result.Value!, plain, creation.Policy.SecondsNear((int)lifetime.TotalSeconds), CacheVersion.None);
            }
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            NotStored(e);
        }
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
        stale.EpochOf(creation.Place.Hash) != creation.Place.StaleEpoch || (creation.Fill is { } fill && !creation.Place.Server.Gate.MayServe(fill.Token));

    private TimeSpan LifetimeOf<T>(Creation<T> creation, in CacheResult<T> result) =>
        creation.Policy.LifetimeOf(result.Value is null, result.Value is null ? reads.RuleOf(creation.Place)?.Rule.MissLifetime : null, options.LifetimeJitter);
}
