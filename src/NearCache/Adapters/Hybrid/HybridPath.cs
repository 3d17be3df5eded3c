using Microsoft.Extensions.Logging;
using NearCache.Creating;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote;
using NearCache.Tags;
using NearCache.Writing;

namespace NearCache.Adapters.Hybrid;

/// <summary>Implements <c>HybridCache</c> after a near miss, on the common paths, with items as values.</summary>
internal sealed class HybridPath(
    KeyPlacement map,
    ReadPath reads,
    WritePath writes,
    CreatePath creations,
    TagPath tags,
    NearStore near,
    SingleFlight flights,
    HybridSerializers serializers,
    HybridLimits limits,
    TimeSpan maxStaleness,
    TimeProvider time,
    NearCacheMetrics metrics,
    ILogger logger)
{
    public async ValueTask<T> GetOrCreateAsync<TState, T>(
        string name,
        TState state,
        Func<TState, CancellationToken, ValueTask<T>> factory,
        HybridCallOptions call,
        IReadOnlyList<string> tagNames,
        CancellationToken cancellationToken)
    {
        if (call.RunsFactory)
        {
            serializers.Require<T>();
        }

        if (!map.IsPrefixKnown)
        {
            await map.PrefixKnownAsync(cancellationToken).ConfigureAwait(false);
        }

        var place = map.Place(name);
        var terms = TermsOf<T>(place, call, [TagVersion.Everything, .. tagNames]);
        var flightName = new FlightKey(name, typeof(T), call.Variant);
        var began = time.GetTimestamp();
        while (true)
        {
            var making = new HybridFactoryRun<TState, T>(place, tagNames, state, factory, tags, reads, serializers, time, call.MayCompress);
            var result = call is { WritesRemote: true, RunsFactory: true }
                ? await creations.GetOrCreateAsync(
                    flightName,
                    place,
                    making,
                    static (making, token) => making.RunAsync(token),
                    new CacheEntryOptions { Lifetime = call.Lifetime, StaleLifetime = TimeSpan.Zero },
                    terms,
                    cancellationToken).ConfigureAwait(false)
                : await flights.JoinAsync(
                    new FlightRequest<HybridItem>(
                        flightName, flight => GetOrMakeAsync(flight, place, making, call, terms))
                    { Tags = terms.Tags },
                    cancellationToken).ConfigureAwait(false);
            if (!result.HasValue)
            {
                return default!;
            }

            var item = result.Value!;
            if (making.HasRun && result.Source == CacheSource.Factory)
            {
                item.DropBytes();
                return making.Value!;
            }

            // The flight may have begun before a removal of a tag that precedes this call.
            if (item.HasTagVersions && !await IsCurrentAsync(place, item, began, cancellationToken).ConfigureAwait(false))
            {
                flights.Forget(name);   // the flight may still be reusable
                continue;
            }

            if (item.TryTakeDecoded<T>(serializers, out var value))
            {
                item.DropBytes();
                return value!;
            }

            // The near value has another type.
            return call.RunsFactory ? await factory(state, cancellationToken).ConfigureAwait(false) : default!;
        }
    }

    public async Task SetAsync<T>(
        string name, T value, HybridCallOptions call, IReadOnlyList<string> tagNames, CancellationToken cancellationToken)
    {
        if (!map.IsPrefixKnown)
        {
            await map.PrefixKnownAsync(cancellationToken).ConfigureAwait(false);
        }

        var place = map.Place(name);
        var terms = TermsOf<T>(place, call, []);
        if (call is { WritesRemote: false, KeepsNear: false })
        {
            return;
        }

        HybridItem item;
        try
        {
            item = HybridItem.Of(
                value, await tags.ReadAsync(place, tagNames, cancellationToken).ConfigureAwait(false), serializers, call.MayCompress);
        }
        catch (MemcachedException e)
        {
            throw RemoteExceptions.Wrap(e, "set", name);
        }

        if (!terms.MayStore(item))
        {
            // The new value cannot be stored, so the previous one is removed.
            await writes.RemoveAsync(name, cancellationToken).ConfigureAwait(false);
        }
        else if (call.WritesRemote)
        {
            await writes.SetAsync(name, item, call.Lifetime, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            flights.Forget(name);
            if (terms.Restrict(reads.BeginFill(place)) is { } fill)
            {
                Keep(place, fill, item, call);
            }

            item.DropBytes();
        }
    }

    // When a tag cannot be read, an item created in this process is current for as long as a near value would be.
    private async ValueTask<bool> IsCurrentAsync(PlacedKey place, HybridItem item, long callBegan, CancellationToken cancellationToken) =>
        await tags.CheckAsync(place, item.Dependencies(versions => tags.DependenciesOf(place, versions)), cancellationToken)
            .ConfigureAwait(false) switch
        {
            ValueVerdict.Accept => true,
            ValueVerdict.Unknown => item.CreatedAt is not { } made || time.GetElapsedTime(made, callBegan) <= maxStaleness,
            _ => false,
        };

    /// <inheritdoc cref="KeyPlacement.ThrowIfClosed"/>
    public void ThrowIfClosed() => map.ThrowIfClosed();

    public Task RemoveAsync(string name, CancellationToken cancellationToken) => writes.RemoveAsync(name, cancellationToken);

    public Task RemoveAsync(IEnumerable<string> names, CancellationToken cancellationToken) =>
        writes.RemoveManyAsync(names, cancellationToken);

    public Task RemoveByTagAsync(string tagName, CancellationToken cancellationToken) => tags.RemoveAsync(tagName, cancellationToken);

    // Nothing is written to the remote, or nothing is created: neither a lease nor a permit to store is needed.
    private async ValueTask<CacheResult<HybridItem>> GetOrMakeAsync<TState, T>(
        Flight flight, PlacedKey place, HybridFactoryRun<TState, T> making, HybridCallOptions call, HybridConstraints<T> terms)
    {
        if (call.ReadsNear && near.TryGet<HybridItem>(place.Text, out var found) && terms.IsCurrent(found.Value!))
        {
            return found;
        }

        var fill = terms.Restrict(reads.BeginFill(place));
        if (call.ReadsRemote)
        {
            ReadPath.MarkCurrent(flight, fill);
            try
            {
                var item = await place.Server.Server.ExecuteAsync(MetaCommand.Get(place.Physical, ReadPath.Fields), flight.Token)
                    .ConfigureAwait(false);
                var read = reads.Receive<HybridItem>(place, fill, item);
                if (read.HasValue && await terms.CheckAsync(place, read.Value!, flight.Token).ConfigureAwait(false) == ValueVerdict.Accept)
                {
                    return read;
                }
            }
            catch (MemcachedException e)
            {
                reads.OnFailure<HybridItem>(e, "get", place.Text);
            }
        }

        if (!call.RunsFactory)
        {
            return default;
        }

        var made = await creations.RunAsync(flight, making, static (making, token) => making.RunAsync(token)).ConfigureAwait(false);
        if (fill is { } keep && terms.MayStore(made))
        {
            Keep(place, keep, made, call);
        }

        return new CacheResult<HybridItem>(made, CacheSource.Factory, 0, CacheVersion.None);
    }

    private void Keep(in PlacedKey place, in NearFill fill, HybridItem item, in HybridCallOptions call)
    {
        var kept = place;
        item.Dependencies(versions => tags.DependenciesOf(kept, versions));
        reads.KeepNear(
            place, fill, item, item.Payload?.Bytes ?? default, (int)Math.Min(call.Lifetime.TotalSeconds, int.MaxValue), CacheVersion.None);
    }

    private HybridConstraints<T> TermsOf<T>(in PlacedKey place, in HybridCallOptions call, string[] tagNames) =>
        new(place, tags, near, serializers, call.ReadsRemote, limits, metrics, logger)
        {
            ReadsNear = call.ReadsNear,
            KeepsNear = call.KeepsNear,
            NearLifetime = call.NearLifetime,
            Tags = tagNames,
        };
}

/// <summary>The parts of a <see cref="NearHybridCache"/>.</summary>
internal sealed record HybridParts(
    HybridHits Hits, HybridSerializers Serializers, HybridPath Path, Func<string, bool> CanHold, TimeSpan Lifetime, ILogger Logger);
