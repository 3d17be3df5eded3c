using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Usage;

/// <summary>Adds this process's use of each rule to the counters on memcached, about every ten seconds and without ZooKeeper.</summary>
/// <remarks>Reports to a failed server are lost, because they are only statistics.</remarks>
internal sealed class UsageReporter : IAsyncDisposable
{
    private const int MaxInGroup = 256;

    private readonly UsageCounterNames _names;
    private readonly Func<byte[], IRemoteServer> _ownerOf;
    private readonly Func<IReadOnlyCollection<ActiveRule>> _rules;
    private readonly TimeProvider _time;
    private readonly NearCacheMetrics _metrics;
    private readonly BackgroundLoop _loop;
    private Dictionary<ActiveRule, long[]> _reported = [];

    public UsageReporter(
        UsageCounterNames names,
        Func<byte[], IRemoteServer> ownerOf,
        Func<IReadOnlyCollection<ActiveRule>> rules,
        TimeProvider time,
        NearCacheMetrics metrics,
        ILogger logger)
    {
        (_names, _ownerOf, _rules, _time, _metrics) = (names, ownerOf, rules, time, metrics);
        _loop = new BackgroundLoop(logger, "counting by rule");
        _loop.Start(ReportAsync);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task ReportAsync(CancellationToken stopping)
    {
        await Task.Delay(
            TimeSpan.FromSeconds(UsageCounterNames.LongestPeriod - (0.2 * UsageCounterNames.BucketSeconds * Random.Shared.NextDouble())),
            _time,
            stopping).ConfigureAwait(false);
        var bucket = UsageCounterNames.BucketOf(_time.GetUtcNow());
        foreach (var server in Increments(bucket).GroupBy(increment => _ownerOf(increment.Key)))
        {
            foreach (var group in server.Select(increment => increment.Command).Chunk(MaxInGroup))
            {
                try
                {
                    await server.Key.ExecuteAsync(group).ConfigureAwait(false);
                }
                catch (MemcachedException)
                {
                    _metrics.RemoteFailed("usage");
                }
                catch (ObjectDisposedException)
                {
                    // The server was just removed from the list.
                }
            }
        }
    }

    private List<(byte[] Key, MetaCommand Command)> Increments(long bucket)
    {
        var reported = new Dictionary<ActiveRule, long[]>();
        var commands = new List<(byte[] Key, MetaCommand Command)>();
        foreach (var rule in _rules())
        {
            var (now, before) = (CountsOf(rule.Counters), _reported.GetValueOrDefault(rule));
            reported[rule] = now;
            for (var kind = 0; kind < now.Length; kind++)
            {
                var counted = (UsageKind)kind is UsageKind.NearEntries or UsageKind.NearBytes ? 0 : before?[kind] ?? 0;
                if (now[kind] - counted is > 0 and var more)
                {
                    var key = _names.Of(bucket, (UsageKind)kind, rule.Name);
                    commands.Add(
                        (key, MetaCommand.Increment(key, (ulong)more) with { Vivify = UsageCounterNames.Lifetime, Initial = (ulong)more }));
                }
            }
        }

        _reported = reported;
        return commands;
    }

    private static long[] CountsOf(RuleCounters counters) =>
    [
        counters.NearHits, counters.RemoteReads, counters.Writes, counters.Announcements, counters.NearEntries, counters.NearBytes,
    ];
}
