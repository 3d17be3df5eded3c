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

/// <summary>
/// The part of a creation that the fleet shares: memcached is asked until it has the value, or gives this process the right to make it.
/// </summary>
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
    // Milliseconds, give or take a quarter.
    private const double ShortestPause = 6.7;
    private const double LongestPause = 40;

    /// <summary>Finds the value on memcached, or makes it.</summary>
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
            try
            {
                var reply = await AskAsync(creation, life, cancellationToken).ConfigureAwait(false);
                item = reply.Responses[0];
                right = RightOf(reply, life);
                creation.IsReplacing = item.Status == MetaStatus.Ok;
            }
            catch (MemcachedException e)
            {
                // Nothing is known of the remote: the source answers, and nothing is stored over what may be there.
                creation.RemoteFailed = true;
                return reads.OnFailure<T>(e, "get", creation.Place.Text) is { HasValue: true } instead && creation.Constraints is null
                    ? instead
                    : await fills.FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            }

            var result = reads.Receive<T>(creation.Place, creation.Policy.Limit(creation.Fill, item.TimeToLive), item);
            var verdict = result.HasValue && creation.Constraints is { } terms
                ? await terms.CheckAsync(creation.Place, result.Value!, cancellationToken).ConfigureAwait(false)
                : ValueVerdict.Accept;
            if (verdict == ValueVerdict.Unknown)
            {
                creation.RemoteFailed = true;
                return await fills.FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            }

            if (verdict == ValueVerdict.NotForThisCaller)
            {
                return await fills.FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            if (verdict == ValueVerdict.Replace
                && HasLeases(creation.Place)
                && await RemoveAsync(creation.Place, item.Cas, right.Origin, cancellationToken).ConfigureAwait(false))
            {
                continue;
            }

            if (result.HasValue && verdict == ValueVerdict.Accept)
            {
                creation.Bytes = format.IsCompressed(item) ? default : item.Value;
                if (item.IsWinner)
                {
                    refresh.Begin(creation, right, creation.Policy.RefreshIn(item.TimeToLive));
                }

                return options.StaleLifetime > TimeSpan.Zero ? result : creation.Remember(result, stale, creation.Bytes, format);
            }

            if (item.IsWinner && ValueTranscoder.IsPlaceHolder(item))
            {
                return await fills.FillUnderLeaseAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            // The right may be that of a flight of this process which makes a value of another type: its value is no answer here. Or of one
            // whose factory waits for this call.
            if (item.IsWonByAnother && (flights.HasFlightOfAnotherType(creation.Flight.Key) || FactoryPermit.IsWithinFactoryOf(creation.Place.Text)))
            {
                return await fills.FromFactoryAsync(creation, cancellationToken).ConfigureAwait(false);
            }

            // An item that cannot be read here is replaced by compare-and-set; without leases an absent one has no CAS, and is only added.
            if (!item.IsWonByAnother || creation.Flight.ReplacesOutdated || time.GetElapsedTime(started) >= options.FillLease)
            {
                return await fills.FillAsync(creation, right, cancellationToken).ConfigureAwait(false);
            }

            // Soon at first, for a factory that is quick; then less often, and never all at once.
            await Task.Delay(TimeSpan.FromMilliseconds(pause * (0.75 + (0.5 * Random.Shared.NextDouble()))), time, cancellationToken)
                .ConfigureAwait(false);
            pause = Math.Min(1.5 * pause, LongestPause);
        }
    }

    // A caller that leaves before the answer does not keep the right that the answer may bring.
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

    // R: one caller of the fleet is told when the item is soon to end.
    private MetaCommand Reading<T>(CreationContext<T> creation) => MetaCommand.Get(creation.Place.Physical, ReadPath.Fields) with
    {
        Vivify = HasLeases(creation.Place) ? Expiry.Of(options.FillLease, time) : null,
        Recache = creation.Policy.RefreshBefore,
    };

    // What nobody may have makes room, so that one process of the fleet replaces it. Nobody serves it, so there is nothing to count.
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
}
