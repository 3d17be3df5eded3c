using NearCache.Coherence.Core;
using NearCache.Flights;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote;
using NearCache.Remote.Formats;

namespace NearCache.Creating;

/// <summary>Polls memcached until it has a value, or gives this process the permit to create one.</summary>
internal sealed class LeasePath(
    ReadPath reads,
    FillPath fills,
    EagerRefresh refresh,
    SingleFlight flights,
    StaleStore stale,
    ValueTranscoder format,
    TimeProvider time,
    NearCacheOptions options)
{
    // milliseconds, ± 25 %
    private const double ShortestPause = 6.7;
    private const double LongestPause = 40;

    /// <summary>Gets the value from memcached, or creates it.</summary>
    public async ValueTask<CacheResult<T>> CreateAsync<T>(CreationContext<T> creation, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var pause = ShortestPause;
        while (true)
        {
            MetaResponse item;
            FillPermit right;
            var life = creation.Place.Server.Epoch;
            ReadPath.MarkCurrent(creation.Flight, creation.Fill);
            var began = reads.StartRead(creation.Place);
            try
            {
                var reply = await AskAsync(creation, life, cancellationToken).ConfigureAwait(false);
                reads.EndRead(creation.Place, began);
                item = reply.Responses[0];
                right = RightOf(reply, life);
                creation.IsReplacing = item.Status == MetaStatus.Ok;
            }
            catch (MemcachedException e)
            {
                // The state of the remote is unknown: the factory runs, and nothing is stored over a possible item.
                creation.RemoteFailed = true;
                return reads.OnFailure<T>(e, "get", creation.Place.Text) is { HasValue: true } instead && creation.Constraints is null
                    ? instead
                    : await fills.FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            }

            var result = reads.Receive<T>(creation.Place, creation.Policy.Limit(creation.Fill, item.TimeToLive), item);
            var verdict = result.HasValue && creation.Constraints is { } terms
                ? await terms.CheckAsync(creation.Place, result.Value!, cancellationToken).ConfigureAwait(false)
                : ValueVerdict.Accept;
            if (verdict == ValueVerdict.Replace
                && HasLeases(creation.Place)
                && await RemoveAsync(creation.Place, item.Cas, right.Origin, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            creation.RemoteFailed |= verdict == ValueVerdict.Unknown;
            switch (NextStep(creation, item, result.HasValue, verdict, started))
            {
                case LeaseStep.Return:
                    return Found(creation, item, right, result);
                case LeaseStep.RunFactory:
                    return await fills.FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
                case LeaseStep.Fill:
                    return await fills.FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
                case LeaseStep.FillUnderLease:
                    return await fills.FillUnderLeaseAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            // The first pauses are short, for a fast factory; later ones are longer, with jitter.
            await Task.Delay(TimeSpan.FromMilliseconds(pause * (0.75 + (0.5 * Random.Shared.NextDouble()))), time, cancellationToken)
                .ConfigureAwait(false);
            pause = Math.Min(1.5 * pause, LongestPause);
        }
    }

    private LeaseStep NextStep<T>(
        CreationContext<T> creation, in MetaResponse item, bool hasValue, ValueVerdict verdict, long started)
    {
        if (verdict is ValueVerdict.Unknown or ValueVerdict.NotForThisCaller)
        {
            return verdict == ValueVerdict.Unknown ? LeaseStep.RunFactory : LeaseStep.Fill;
        }

        if (hasValue && verdict == ValueVerdict.Accept)
        {
            return LeaseStep.Return;
        }

        if (item.IsWinner && ValueTranscoder.IsPlaceHolder(item))
        {
            return LeaseStep.FillUnderLease;
        }

        // The lease may belong to a flight of this process for another type, or to a factory that waits for this call. Waiting would not
        // help.
        if (item.IsWonByAnother
            && (flights.HasFlightOfAnotherType(creation.Flight.Key) || FactoryPermit.IsWithinFactoryOf(creation.Place.Text)))
        {
            return LeaseStep.RunFactory;
        }

        // An unreadable item is replaced by compare-and-set. Without leases an absent item has no CAS, and is only added.
        return !item.IsWonByAnother || creation.Flight.ReplacesOutdated || time.GetElapsedTime(started) >= options.FillLease
            ? LeaseStep.Fill
            : LeaseStep.Wait;
    }

    private CacheResult<T> Found<T>(CreationContext<T> creation, in MetaResponse item, FillPermit right, in CacheResult<T> result)
    {
        creation.Bytes = format.IsCompressed(item) ? default : item.Value;
        if (item.IsWinner)
        {
            refresh.Begin(creation, right, creation.Policy.RefreshIn(item.TimeToLive));
        }

        return options.StaleLifetime > TimeSpan.Zero ? result : creation.Remember(result, stale, creation.Bytes, format);
    }

    // Releases the lease that a reply grants after its caller has left.
    private async ValueTask<RemoteReply> AskAsync<T>(CreationContext<T> creation, int life, CancellationToken cancellationToken)
    {
        var asking = creation.Place.Server.Server.ExecuteAsync(new[] { Reading(creation) });
        try
        {
            return await asking.WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = GiveBackAsync();
            throw;
        }

        async Task GiveBackAsync()
        {
            await ((Task)asking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (asking.IsCompletedSuccessfully
                && await asking.ConfigureAwait(false) is var reply
                && reply.Responses[0] is { IsWinner: true } item
                && ValueTranscoder.IsPlaceHolder(item))
            {
                await FillLease.ReleaseAsync(creation.Place, RightOf(reply, life), options.FillLease, time).ConfigureAwait(false);
            }
        }
    }

    private static FillPermit RightOf(in RemoteReply reply, int life) =>
        new(reply.Responses[0] is { Status: MetaStatus.Ok, Cas: not 0 } item ? item.Cas : null, reply.ConnectionId, life);

    private bool HasLeases(in PlacedKey place) => options.UseLeases && place.Server.Server.Compares;

    // R: memcached notifies one caller of the fleet shortly before the item expires.
    private MetaCommand Reading<T>(CreationContext<T> creation) => MetaCommand.Get(creation.Place.Physical, ReadPath.Fields) with
    {
        Vivify = HasLeases(creation.Place) ? Expiry.Of(options.FillLease, time) : null,
        Recache = creation.Policy.RefreshBefore,
    };

    // Removes an outdated item, so that one process of the fleet replaces it. No process serves it, so the removal is not counted.
    private static async ValueTask<bool> RemoveAsync(PlacedKey place, ulong cas, CasOrigin origin, CancellationToken cancellationToken)
    {
        try
        {
            await place.Server.CompareAsync(origin, MetaCommand.Delete(place.Physical) with { CompareCas = cas })
                .WaitOrAbandonAsync(cancellationToken)
                .ConfigureAwait(false);
            return true;
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            return false;
        }
    }

    /// <summary>Specifies the step after a reply of memcached.</summary>
    private enum LeaseStep
    {
        /// <summary>Another process creates the value: poll again after a pause.</summary>
        Wait,

        /// <summary>The value is found.</summary>
        Return,

        /// <summary>Run the factory, and store nothing.</summary>
        RunFactory,

        /// <summary>Run the factory, and store its result if the item is unchanged.</summary>
        Fill,

        /// <summary>Run the factory under the lease that the reply granted.</summary>
        FillUnderLease,
    }
}
