using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;

namespace NearCache.Reading;

/// <summary>Fetches into the near tier what nobody has asked for yet: keys that a rule lists, and keys that were just voided.</summary>
/// <remarks>
/// Nobody knows here as what a value will be read, so it is kept as it came; the first read makes it an entry as any other.
/// </remarks>
internal sealed class PrefetchPath(KeyPlacement map, ReadPath reads, NearClock clock, NearCacheMetrics metrics, long maxStaleness)
{
    /// <summary>Fetches keys, pipelined, each server's in one write.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="cause">For the meter: <c>preload</c> or <c>refresh</c>.</param>
    /// <returns>
    /// Those that could not be fetched now: no rule keeps them near yet, or their server is not confirmed or did not answer.
    /// </returns>
    public async Task<IReadOnlyList<string>> FetchAsync(IEnumerable<string> keys, string cause)
    {
        await map.PrefixKnownAsync(CancellationToken.None).ConfigureAwait(false);
        var left = new List<string>();
        var wanted = new List<(PlacedKey Place, NearFill Fill)>();
        foreach (var key in keys)
        {
            if (!map.TryPlace(key, out var place))
            {
                // A list that was written by hand, or where keys may be longer.
                metrics.Prefetched(cause, "absent");
                continue;
            }

            // Before its first audit, and while it is away, a server's entries could not be served: what is fetched then may be void by the
            // time they can.
            if (place.Server.Gate.IsOpen(clock.Now(), maxStaleness) && reads.BeginFill(place) is { } fill)
            {
                wanted.Add((place, fill));
            }
            else
            {
                left.Add(key);
            }
        }

        // Every token is taken before the first byte is sent.
        foreach (var group in wanted.GroupBy(one => one.Place.Server).Select(group => FetchAsync([.. group], cause)).ToArray())
        {
            left.AddRange(await group.ConfigureAwait(false));
        }

        return left;
    }

    private async Task<IEnumerable<string>> FetchAsync((PlacedKey Place, NearFill Fill)[] group, string cause)
    {
        try
        {
            var commands = Array.ConvertAll(group, static one => MetaCommand.Get(one.Place.Physical, ReadPath.Fields));
            var reply = await group[0].Place.Server.Server.ExecuteAsync(commands).ConfigureAwait(false);
            for (var i = 0; i < group.Length; i++)
            {
                metrics.Prefetched(cause, reads.KeepPrefetched(group[i].Place, group[i].Fill, reply.Responses[i]) ? "kept" : "absent");
            }

            return [];
        }
        catch (MemcachedException)
        {
            metrics.RemoteFailed(cause);
            return group.Select(one => one.Place.Text);
        }
    }
}
