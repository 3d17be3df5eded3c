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
    KeyMap map,
    ReadPath reads,
    WritePath writes,
    NearStore near,
    StaleStore stale,
    FlightBoard flights,
    FactoryRunner factories,
    ValueFormat format,
    NearClock clock,
    TimeProvider time,
    NearCacheMetrics metrics,
    ILogger logger,
    NearCacheOptions options)
    : IDisposable
{
    private const long SayRefreshFailedEvery = 10_000;

    // Milliseconds, give or take a quarter.
    private const double ShortestPause = 6.7;
    private const double LongestPause = 40;

    private readonly Seldom _sayRefreshFailed = new(SayRefreshFailedEvery);

    /// <remarks>A call that joins another's flight gets what that call's policy brings; only how long it waits before a stale value will do is its own.</remarks>
    public ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(
        string key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheEntryOptions? entry, CancellationToken cancellationToken) =>
        GetOrCreateAsync(map.Place(key), state, factory, entry, cancellationToken);

    private ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(
        PlacedKey place, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheEntryOptions? entry, CancellationToken cancellationToken) =>
        GetOrCreateAsync(place.Text, place, state, factory, entry, terms: null, cancellationToken);

    /// <param name="flight">Callers with the same name here share a flight.</param>
    /// <param name="place">The key.</param>
    /// <param name="state">Given to the factory.</param>
    /// <param name="factory">The source.</param>
    /// <param name="entry">What the call says about its entry.</param>
    /// <param name="terms">What may be used and kept; null: everything.</param>
    /// <param name="cancellationToken">Gives up this caller's wait.</param>
    public ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(
        string flight, PlacedKey place, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheEntryOptions? entry, CreationTerms<T>? terms, CancellationToken cancellationToken) =>
        NearCacheTraces.IsWanted
            ? TracedAsync(flight, place, state, factory, entry, terms, cancellationToken)
            : JoinAsync(flight, place, state, factory, entry, terms, cancellationToken);

    public void Dispose() => flights.EndRefreshes();

    private async ValueTask<CacheResult<T>> TracedAsync<TState, T>(
        string flight, PlacedKey place, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheEntryOptions? entry, CreationTerms<T>? terms, CancellationToken cancellationToken)
    {
        using var activity = NearCacheTraces.BeginGetOrCreate();
        try
        {
            var result = await JoinAsync(flight, place, state, factory, entry, terms, cancellationToken).ConfigureAwait(false);
            activity?.Tell(result);
            return result;
        }
        catch (Exception e)
        {
            activity?.Failed(e);
            throw;
        }
    }

    private ValueTask<CacheResult<T>> JoinAsync<TState, T>(
        string flight, PlacedKey place, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, CacheEntryOptions? entry, CreationTerms<T>? terms, CancellationToken cancellationToken)
    {
        var policy = FillPolicy.Of(entry, options);
        var isShielded = false;
        var copies = terms is null && !reads.Shares<T>(place) ? new Copies<T>(format.CodecOf<T>()) : null;
        return flights.JoinAsync(
            flight,
            async token =>
            {
                CacheResult<T> found;
                if (terms is not { ReadsNear: false } && near.TryGet<T>(place.Text, out found) && terms?.IsCurrent(found.Value!) != false)
                {
                    return copies.Keep(found);
                }

                // What was fetched is read here for the first time; terms are for values of another kind, which nobody fetches.
                if (terms is null && reads.TryGetFetched(place.Text, out found))
                {
                    return copies.Keep(found);
                }

                var fill = BeginFill(place, terms);
                reads.NearMissed(place.Text, fill);
                var creation = new Creation<T>(place, fill, policy, terms, run => factories.RunAsync(state, factory, policy.Timeout, run));
                var result = await CreateOrServeStaleAsync(creation, token).ConfigureAwait(false);
                isShielded = creation.RemoteFailed || result.IsStale;
                return copies.Keep(result, creation.Bytes);
            },
            () => isShielded ? options.FactoryReuse : TimeSpan.Zero,
            policy is { SoftTimeout: { } soft, MayServeStale: true } ? new Meanwhile<T>(soft, () => Stale<T>(place.Text, policy, "slow")) : null,
            cancellationToken,
            copies.ForAnother());
    }

    // The source fails: what was there before, if the options allow it.
    private async ValueTask<CacheResult<T>> CreateOrServeStaleAsync<T>(Creation<T> creation, CancellationToken cancellationToken)
    {
        try
        {
            return await CreateAsync(creation, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (creation.Policy.MayServeStale && !cancellationToken.IsCancellationRequested && !(creation.RemoteFailed && options.OnRemoteFailure == RemoteFailurePolicy.Throw))
        {
            if (Stale<T>(creation.Place.Text, creation.Policy, "failed") is not { HasValue: true } instead)
            {
                throw;
            }

            logger.FactoryFailed(e);
            return instead;
        }
    }

    private CacheResult<T> Stale<T>(string key, in FillPolicy policy, string reason)
    {
        if (stale.TryGet<T>(key, policy.StaleLifetime, out var result))
        {
            metrics.StaleServed(reason);
        }

        return result;
    }

    private async ValueTask<CacheResult<T>> CreateAsync<T>(Creation<T> creation, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var pause = ShortestPause;
        while (true)
        {
            MetaResponse item;
            FillRight right;
            var life = creation.Place.Server.Epoch;
            try
            {
                var reply = await creation.Place.Server.Server.ExecuteAsync(new[] { Reading(creation) }).WaitAsync(cancellationToken).ConfigureAwait(false);
                item = reply.Responses[0];
                right = new FillRight(item is { Status: MetaStatus.Ok, Cas: not 0 } ? item.Cas : null, reply.ConnectionId, life);
                creation.IsReplacing = item.Status == MetaStatus.Ok;
            }
            catch (MemcachedException e)
            {
                // Nothing is known of the remote: the source answers, and nothing is stored over what may be there.
                creation.RemoteFailed = true;
                return reads.Failed<T>(e, "get", creation.Place.Text) is { HasValue: true } instead && creation.Terms is null
                    ? instead
                    : await FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            }

            var result = reads.Receive<T>(creation.Place, creation.Fill, item with { TimeToLive = creation.Policy.SecondsNear(item.TimeToLive) });
            var verdict = result.HasValue && creation.Terms is { } terms ? await terms.CheckAsync(creation.Place, result.Value!, cancellationToken).ConfigureAwait(false) : Acceptance.Yes;
            if (verdict == Acceptance.Unknown)
            {
                creation.RemoteFailed = true;
                return await FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            }

            if (verdict == Acceptance.NotHere)
            {
                return await FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            if (verdict == Acceptance.No && HasLeases(creation.Place) && await RemoveAsync(creation.Place, item.Cas, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            if (result.HasValue && verdict == Acceptance.Yes)
            {
                creation.Bytes = format.IsPacked(item) ? default : item.Value;
                if (item.IsWinner)
                {
                    Refresh(creation, right);
                }

                return options.StaleLifetime > TimeSpan.Zero ? result : creation.Remember(result, stale, creation.Bytes, format);
            }

            if (item.IsWinner && ValueFormat.IsPlaceHolder(item))
            {
                return await FillUnderLeaseAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            // An item that cannot be read here is replaced by compare-and-set; without leases an absent one has no CAS, and is only added.
            if (!item.IsWonByAnother || time.GetElapsedTime(started) >= options.FillLease)
            {
                return await FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            // Soon at first, for a factory that is quick; then less often, and never all at once.
            await Task.Delay(TimeSpan.FromMilliseconds(pause * (0.75 + (0.5 * Random.Shared.NextDouble()))), time, cancellationToken).ConfigureAwait(false);
            pause = Math.Min(1.5 * pause, LongestPause);
        }
    }

    private bool HasLeases(in PlacedKey place) => options.UseLeases && place.Server.Server.Compares;

    private NearFill? BeginFill<T>(in PlacedKey place, CreationTerms<T>? terms) => terms is null ? reads.BeginFill(place) : terms.Limit(reads.BeginFill(place));

    // What nobody may have makes room, so that one process of the fleet replaces it. Nobody serves it, so there is nothing to count.
    private static async ValueTask<bool> RemoveAsync(PlacedKey place, ulong cas, CancellationToken cancellationToken)
    {
        try
        {
            await place.Server.Server.ExecuteAsync(MetaCommand.Delete(place.Physical) with { CompareCas = cas }, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (MemcachedException)
        {
            return false;
        }
    }

    // R: one caller of the fleet is told when the item is soon to end.
    private MetaCommand Reading<T>(Creation<T> creation) => MetaCommand.Get(creation.Place.Physical, ReadPath.Fields) with
    {
        Vivify = HasLeases(creation.Place) ? Expiry.Of(options.FillLease, time) : null,
        Recache = creation.Policy.RefreshBefore,
    };

    // Its own token is taken before its factory runs: what is written meanwhile is not overwritten, here or there.
    private void Refresh<T>(Creation<T> creation, FillRight right) => flights.Refresh(creation.Place.Text, async token =>
    {
        var again = new Creation<T>(map.PlaceName(creation.Place.Text), BeginFill(creation.Place, creation.Terms), creation.Policy, creation.Terms, creation.Factory);
        try
        {
            return await FillAsync(again, right, token, isRefresh: true).ConfigureAwait(false);
        }
        catch (Exception e) when (!token.IsCancellationRequested)
        {
            // Served until it ends; then whoever comes asks the source himself.
            metrics.RefreshFailed();
            if (_sayRefreshFailed.IsDue(clock.Monotonic()))
            {
                logger.RefreshFailed(e);
            }

            throw;
        }
    });

    private async ValueTask<CacheResult<T>> FillUnderLeaseAsync<T>(Creation<T> creation, FillRight right, CancellationToken cancellationToken)
    {
        var lease = new FillLease(creation.Place, right.Cas!.Value, options.FillLease, time);
        try
        {
            var result = await FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
            if (LifetimeOf(creation, result) <= TimeSpan.Zero || !creation.Stores(result))
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

    private async ValueTask<CacheResult<T>> FillAsync<T>(Creation<T> creation, FillRight right, CancellationToken cancellationToken, bool isRefresh = false)
    {
        var result = await FromFactoryAsync(creation, cancellationToken, isRefresh).ConfigureAwait(false);
        var place = creation.Place;
        var lifetime = LifetimeOf(creation, result);
        if (lifetime <= TimeSpan.Zero || !creation.Stores(result))
        {
            return result;
        }

        var connection = place.Server.Server.IsConnected(right.Connection) ? right.Connection : 0;
        if (!place.Server.Server.Compares)
        {
            await StoreUncomparedAsync(creation, result, lifetime, cancellationToken).ConfigureAwait(false);
            return result;
        }

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
                reads.Keep(place, fill, result.Value!, plain, creation.Policy.SecondsNear((int)lifetime.TotalSeconds), new CacheVersion(stored.Cas, (int)right.Life));
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
        catch (MemcachedException e)
        {
            metrics.RemoteFailed("fill");
            logger.RemoteFailed(e, "fill", "the factory's value, which is kept nowhere");
        }
        catch (NearCacheException e)
        {
            logger.RemoteFailed(e, "fill", "the factory's value");
        }
    }

    private bool WasWritten<T>(Creation<T> creation) =>
        stale.EpochOf(creation.Place.Hash) != creation.Place.StaleEpoch || (creation.Fill is { } fill && !creation.Place.Server.Ledger.MayServe(fill.Token));

    private TimeSpan LifetimeOf<T>(Creation<T> creation, in CacheResult<T> result) =>
        creation.Policy.LifetimeOf(result.Value is null, result.Value is null ? reads.RuleOf(creation.Place)?.Rule.MissLifetime : null, options.LifetimeJitter);

    private async ValueTask<CacheResult<T>> FromFactoryAsync<T>(Creation<T> creation, CancellationToken cancellationToken, bool isRefresh = false)
    {
        // A refresh that is under way asks the source already.
        var value = !isRefresh && flights.Refreshing<T>(creation.Place.Text) is { } refreshing
            ? (await refreshing.WaitAsync(cancellationToken).ConfigureAwait(false)).Value!
            : await creation.Factory(cancellationToken).ConfigureAwait(false);
        return creation.Remember(new CacheResult<T>(value, CacheSource.Factory, 0, CacheVersion.None), stale, default, format);
    }

    /// <summary>What one flight is about.</summary>
    private sealed class Creation<T>(PlacedKey place, NearFill? fill, FillPolicy policy, CreationTerms<T>? terms, Func<CancellationToken, ValueTask<T>> factory)
    {
        public PlacedKey Place => place;

        public NearFill? Fill => fill;

        public FillPolicy Policy => policy;

        public CreationTerms<T>? Terms => terms;

        public bool Stores(in CacheResult<T> created) => terms is null || terms.Stores(created.Value!);

        public Func<CancellationToken, ValueTask<T>> Factory => factory;

        public bool RemoteFailed { get; set; }

        /// <summary>Whether there was an item, which could not be the answer.</summary>
        public bool IsReplacing { get; set; }

        /// <summary>The value as its codec writes it, not compressed; empty: nobody knows.</summary>
        public ReadOnlyMemory<byte> Bytes { get; set; }

        /// <summary>Keeps the value for when it cannot be had again.</summary>
        public CacheResult<T> Remember(in CacheResult<T> result, StaleStore stale, ReadOnlyMemory<byte> bytes, ValueFormat format)
        {
            if (policy.MayServeStale && !result.IsStale)
            {
                stale.Keep(place.Text, place.Hash, place.StaleEpoch, result.Value, bytes, format.CodecOf<T>());
            }

            return result;
        }
    }
}
