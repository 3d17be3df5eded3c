using System.Globalization;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Usage;

/// <summary>Reads what all processes did by each rule in the last whole minute.</summary>
/// <param name="names">Names the counters.</param>
/// <param name="ownerOf">The server that a counter is on.</param>
/// <param name="time">The clock.</param>
internal sealed class UsageReader(UsageNames names, Func<byte[], IRemoteServer> ownerOf, TimeProvider time)
{
    private const int Buckets = 6;
    private const int MostInGroup = 256;

    /// <summary>Adds up the counters of these rules.</summary>
    /// <exception cref="NearCacheException">A memcached server could not be asked.</exception>
    public async Task<IReadOnlyList<RuleUsage>> ReadAsync(IReadOnlyList<string> rules, CancellationToken cancellationToken)
    {
        var now = UsageNames.BucketOf(time.GetUtcNow());
        var sums = rules.ToDictionary(rule => rule, _ => new long[Enum.GetValues<UsageKind>().Length], StringComparer.Ordinal);
        var reads =
            from rule in sums
            from kind in Enum.GetValues<UsageKind>()
            from bucket in Enumerable.Range(1, Buckets)
            select new Read(names.Of(now - bucket, kind, rule.Key), rule.Value, (int)kind);
        try
        {
            foreach (var server in reads.GroupBy(read => ownerOf(read.Key)))
            {
                foreach (var group in server.Chunk(MostInGroup))
                {
                    var reply = await server.Key.ExecuteAsync(Array.ConvertAll(group, read => MetaCommand.Get(read.Key))).WaitAsync(cancellationToken).ConfigureAwait(false);
                    for (var i = 0; i < group.Length; i++)
                    {
                        group[i].Sums[group[i].Kind] += NumberIn(reply.Responses[i]);
                    }
                }
            }
        }
        catch (MemcachedException e)
        {
            throw new NearCacheException($"The use of the rules could not be read: {e.Message}", e) { IsTransient = e.IsTransient };
        }

        return [.. rules.Select(rule => Of(rule, sums[rule]))];
    }

    private static RuleUsage Of(string rule, long[] sums)
    {
        double PerSecond(UsageKind kind) => sums[(int)kind] / (double)(Buckets * UsageNames.BucketSeconds);
        return new RuleUsage(rule, PerSecond(UsageKind.NearHit), PerSecond(UsageKind.RemoteRead), PerSecond(UsageKind.Write), PerSecond(UsageKind.Announcement));
    }

    private static long NumberIn(in MetaResponse response) =>
        response.Status == MetaStatus.Ok && long.TryParse(response.Value.Span, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;

    private readonly record struct Read(byte[] Key, long[] Sums, int Kind);
}
