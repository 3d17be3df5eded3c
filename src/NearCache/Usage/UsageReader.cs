using System.Globalization;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Usage;

/// <summary>Reads the use of each rule by all processes during the last whole minute.</summary>
/// <param name="names">The names of the counters.</param>
/// <param name="ownerOf">Returns the server of a counter.</param>
/// <param name="time">The clock.</param>
internal sealed class UsageReader(UsageCounterNames names, Func<byte[], IRemoteServer> ownerOf, TimeProvider time)
{
    /// <summary>
    /// The longest time that <see cref="RecentWritesAsync"/> covers, in seconds. A process reports what it did since its last report, at
    /// most <see cref="UsageCounterNames.LongestPeriod"/> before.
    /// </summary>
    public const double RecentSeconds = (RecentBuckets * UsageCounterNames.BucketSeconds) + UsageCounterNames.LongestPeriod;

    private const int Buckets = 6;

    // including the current bucket
    private const int RecentBuckets = 3;
    private const int MaxInGroup = 256;

    /// <summary>Returns the sums of the counters of these rules.</summary>
    /// <exception cref="NearCacheException">A memcached server failed.</exception>
    public async Task<IReadOnlyList<RuleUsage>> ReadAsync(IReadOnlyList<string> rules, CancellationToken cancellationToken)
    {
        var sums = await SumsAsync(rules, Enum.GetValues<UsageKind>(), Enumerable.Range(1, Buckets), cancellationToken)
            .ConfigureAwait(false);
        var circuits = await CircuitsAsync(cancellationToken).ConfigureAwait(false);
        return [.. rules.Select(rule => Of(rule, sums[rule], circuits.FirstOrDefault(circuit => circuit.Rule == rule)))];
    }

    /// <summary>Returns the recent writes to the keys of these rules, during at most <see cref="RecentSeconds"/>.</summary>
    /// <exception cref="NearCacheException">A memcached server failed.</exception>
    public async Task<IReadOnlyList<long>> RecentWritesAsync(IReadOnlyList<string> rules, CancellationToken cancellationToken)
    {
        var sums = await SumsAsync(rules, [UsageKind.Write], Enumerable.Range(0, RecentBuckets), cancellationToken).ConfigureAwait(false);
        return [.. rules.Select(rule => sums[rule][(int)UsageKind.Write])];
    }

    private async Task<Dictionary<string, long[]>> SumsAsync(
        IReadOnlyList<string> rules, UsageKind[] kinds, IEnumerable<int> bucketsAgo, CancellationToken cancellationToken)
    {
        var now = UsageCounterNames.BucketOf(time.GetUtcNow());
        var sums = rules.ToDictionary(rule => rule, _ => new long[Enum.GetValues<UsageKind>().Length], StringComparer.Ordinal);
        var reads =
            from rule in sums
            from kind in kinds
            from ago in bucketsAgo
            select new Read(names.Of(now - ago, kind, rule.Key), rule.Value, (int)kind);
        try
        {
            foreach (var server in reads.GroupBy(read => ownerOf(read.Key)))
            {
                foreach (var group in server.Chunk(MaxInGroup))
                {
                    var reply = await server.Key.ExecuteAsync(Array.ConvertAll(group, read => MetaCommand.Get(read.Key)))
                        .WaitOrAbandonAsync(cancellationToken)
                        .ConfigureAwait(false);
                    for (var i = 0; i < group.Length; i++)
                    {
                        group[i].Sums[group[i].Kind] += NumberIn(reply.Responses[i]);
                    }
                }
            }
        }
        catch (MemcachedException e)
        {
            throw new NearCacheException($"The usage of the rules could not be read: {e.Message}", e) { IsTransient = e.IsTransient };
        }

        return sums;
    }

    // What cannot be read says nothing about the use.
    private async Task<IReadOnlyList<RuleCircuit>> CircuitsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var item = await ownerOf(names.Circuits).ExecuteAsync(MetaCommand.Get(names.Circuits), cancellationToken).ConfigureAwait(false);
            return item.Status == MetaStatus.Ok && CircuitsFormat.TryRead(item.Value, out var circuits, out _) ? circuits : [];
        }
        catch (MemcachedException)
        {
            return [];
        }
    }

    private RuleUsage Of(string rule, long[] sums, RuleCircuit? circuit)
    {
        var (entries, bytes) = (sums[(int)UsageKind.NearEntries] / Buckets, sums[(int)UsageKind.NearBytes] / Buckets);

        double PerSecond(UsageKind kind) => sums[(int)kind] / (double)(Buckets * UsageCounterNames.BucketSeconds);
        return new RuleUsage
        {
            Rule = rule,
            NearHitsPerSecond = PerSecond(UsageKind.NearHit),
            RemoteReadsPerSecond = PerSecond(UsageKind.RemoteRead),
            WritesPerSecond = PerSecond(UsageKind.Write),
            AnnouncementsPerSecond = PerSecond(UsageKind.Announcement),
            NearEntries = entries,
            NearBytes = bytes,
            SavedBytesPerSecond = entries > 0 ? PerSecond(UsageKind.NearHit) * bytes / entries : 0,
            Suspensions = circuit?.Trips.Count(trip => (time.GetUtcNow() - trip).Duration() < ChurnBreaker.Memory) ?? 0,
        };
    }

    private static long NumberIn(in MetaResponse response) =>
        response.Status == MetaStatus.Ok
            && long.TryParse(response.Value.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : 0;

    private readonly record struct Read(byte[] Key, long[] Sums, int Kind);
}
