using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Remote;

namespace NearCache.Paths;

/// <summary>A read that asks the caller's factory when nothing is cached: one caller of a process, and with leases one process of the fleet, runs it.</summary>
internal sealed class CreatePath(
    KeyMap map, ReadPath reads, WritePath writes, NearStore near, FlightBoard flights, ValueFormat format, TimeProvider time, NearCacheMetrics metrics, ILogger logger, NearCacheOptions options)
    : IDisposable
{
    private readonly SemaphoreSlim _factories = new(options.MaxConcurrentFactories);

    public ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(
        string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheEntryOptions? entry, CancellationToken cancellationToken)
    {
        var place = map.Place(key);
        var lifetime = entry?.Lifetime ?? options.ItemLifetime;
        var isShielded = false;
        return flights.JoinAsync(
            key,
            async token =>
            {
                if (near.TryGet<T>(key, out var found))
                {
                    return found;
                }

                var creation = new Creation<T>(place, reads.BeginFill(place), lifetime, run => RunAsync(state, factory, run));
                var result = await CreateAsync(creation, token).ConfigureAwait(false);
                isShielded = creation.RemoteFailed;
                return result;
            },
            () => isShielded ? options.FactoryReuse : TimeSpan.Zero,
            cancellationToken);
    }

    public void Dispose() => _factories.Dispose();

    private async ValueTask<CacheResult<T>> CreateAsync<T>(Creation<T> creation, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var random = new Random();
        while (true)
        {
            MetaResponse item;
            FillRight right;
            var life = creation.Place.Server.Epoch;
            try
            {
                var reply = await creation.Place.Server.Server.ExecuteAsync(new[] { Reading(creation.Place) }).WaitAsync(cancellationToken).ConfigureAwait(false);
                item = reply.Responses[0];
                right = new FillRight(item.Status == MetaStatus.Ok ? item.Cas : null, reply.ConnectionId, life);
            }
            catch (MemcachedException e)
            {
                // Nothing is known of the remote: the source answers, and nothing is stored over what may be there.
                creation.RemoteFailed = true;
                reads.Failed(e, "get", creation.Place.Text);
                return await FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            }

            var result = reads.Receive<T>(creation.Place, creation.Fill, item);
            if (result.HasValue)
            {
                return result;
            }

            if (item.IsWinner)
            {
                return await FillUnderLeaseAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            // An item that cannot be read here is replaced by compare-and-set; without leases an absent one has no CAS, and is only added.
            if (!item.IsWonByAnother || time.GetElapsedTime(started) >= options.FillLease)
            {
                return await FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(5, 50)), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private MetaCommand Reading(in PlacedKey place) => MetaCommand.Get(place.Physical, ReadPath.Fields) with
    {
        Vivify = options.UseLeases ? Expiry.Of(options.FillLease, time) : null,
    };

    private async ValueTask<CacheResult<T>> FillUnderLeaseAsync<T>(Creation<T> creation, FillRight right, CancellationToken cancellationToken)
    {
        var lease = new FillLease(creation.Place, right.Cas!.Value, options.FillLease, time);
        try
        {
            return await FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
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

    private async ValueTask<CacheResult<T>> FillAsync<T>(Creation<T> creation, FillRight right, CancellationToken cancellationToken)
    {
        var result = await FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
        var place = creation.Place;
        var connection = place.Server.Server.IsConnected(right.Connection) ? right.Connection : 0;
        var isAdded = right.Cas is null && !options.UseLeases;
        if (!isAdded && right.Now<LeasesAsDesigned>(connection, place.Server.Epoch) == FillStore.Not)
        {
            return result;
        }

        // Without leases a miss has no CAS: the value is added, and a removal meanwhile goes unnoticed.
        var command = format.Set(place.Physical, result.Value, creation.Lifetime) with
        {
            CompareCas = right.Cas,
            Mode = isAdded ? MetaSetMode.Add : MetaSetMode.Set,
            Return = MetaFields.Cas,
        };
        try
        {
            var reply = await place.Server.Server.ExecuteAsync(new[] { command }).WaitAsync(cancellationToken).ConfigureAwait(false);
            var stored = reply.Responses[0];
            if (stored.Status != MetaStatus.Ok)
            {
                return result;
            }

            if (right.Cas is not null && reply.ConnectionId != right.Connection)
            {
                // Stored after all over who knows what: the server may have begun its CAS ids again.
                await writes.MutateAsync(place, MetaCommand.Delete(place.Physical), "remove", CancellationToken.None).ConfigureAwait(false);
            }
            else if (creation.Fill is { } fill)
            {
                reads.Keep(place, fill, result.Value!, command.Value, (int)creation.Lifetime.TotalSeconds, new CacheVersion(stored.Cas, (int)right.Life));
            }
        }
        catch (MemcachedException e)
        {
            metrics.RemoteFailed("fill");
            logger.RemoteFailed(e, "fill", "the factory's value, which is kept nowhere");
        }
        catch (NearCacheException e)
        {
            logger.RemoteFailed(e, "fill", "the factory's value");
        }

        return result;
    }

    private static async ValueTask<CacheResult<T>> FromFactoryAsync<T>(Creation<T> creation, CancellationToken cancellationToken) =>
        new(await creation.Factory(cancellationToken).ConfigureAwait(false), CacheSource.Factory, 0, CacheVersion.None);

    private async ValueTask<T> RunAsync<TState, T>(TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CancellationToken cancellationToken)
    {
        await _factories.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var value = await factory(state, cancellationToken).ConfigureAwait(false);
            metrics.FactoryRan("returned");
            return value;
        }
        catch
        {
            metrics.FactoryRan("failed");
            throw;
        }
        finally
        {
            _factories.Release();
        }
    }

    /// <summary>What one flight is about.</summary>
    private sealed class Creation<T>(PlacedKey place, NearFill? fill, TimeSpan lifetime, Func<CancellationToken, ValueTask<T>> factory)
    {
        public PlacedKey Place => place;

        public NearFill? Fill => fill;

        public TimeSpan Lifetime => lifetime;

        public Func<CancellationToken, ValueTask<T>> Factory => factory;

        public bool RemoteFailed { get; set; }
    }
}
