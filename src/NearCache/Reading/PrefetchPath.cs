using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;

namespace NearCache.Reading;

/// <summary>Fetches keys into the near tier before they are read: preload keys, and keys that were just voided.</summary>
/// <remarks>The type of the value is not known here, so the bytes are kept; the first read turns them into a regular entry.</remarks>
internal sealed class PrefetchPath(KeyPlacement map, ReadPath reads, NearClock clock, NearCacheMetrics metrics, long maxStaleness)
{
    /// <summary>Fetches keys, pipelined, with one write per server.</summary>
    /// <param name="keys">The keys.</param>
    /// <param name="cause">The cause in metrics: <c>preload</c> or <c>refresh</c>.</param>
    /// <returns>
    /// The keys that could not be fetched now: no rule keeps them near yet, or their server is not confirmed or did not reply.
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
                // An invalid key of a hand-written list, or of a configuration that permits longer keys.
                metrics.Prefetched(cause, "absent");
                continue;
            }

            // Entries of an unconfirmed server could not be served, and may be void by the time they can.
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
