using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using NearCache.Diagnostics;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.Rules;
using NearCache.Tests.Reading;
using NearCache.TestSupport;
using NearCache.Usage;

namespace NearCache.Tests.Usage;

public sealed class UsageTests
{
    private readonly ManualTime _time = new();
    private readonly UsageCounterNames _names = new("shop");

    [Fact]
    public async Task What_two_processes_did_by_a_rule_is_added_up_over_the_last_whole_minute()
    {
        await using var remote = new EmbeddedRemote(_time);
        using var metrics = new NearCacheMetrics(null);
        var (hits, other) = (new PerThreadCounter(), new PerThreadCounter());
        ActiveRule[] first = [Rule("products", hits), Rule("site", hits)], second = [Rule("products", other)];
        await using var one = new UsageReporter(_names, _ => remote.Servers[0], () => first, _time, metrics, NullLogger.Instance);
        await using var two = new UsageReporter(_names, _ => remote.Servers[0], () => second, _time, metrics, NullLogger.Instance);

        for (var i = 0; i < 600; i++)
        {
            hits.Add(first[0].Counters.HitsPart);
            other.Add(second[0].Counters.HitsPart);
            first[0].Counters.RemoteRead();
            first[1].Counters.Written();
            first[1].Counters.Announced();
            second[0].Counters.Written();
        }

        await AdvanceAsync(seconds: 11);   // both tell, at the latest now
        await AdvanceAsync(seconds: 10);   // and the buckets that they told are over
        var usage = await new UsageReader(_names, _ => remote.Servers[0], _time)
            .ReadAsync(["products", "site", "unused"], TestContext.Current.CancellationToken);

        Assert.Equal(
            [Use("products", 20, 10, 10, 0), Use("site", 0, 0, 10, 10), Use("unused", 0, 0, 0, 0)],
            usage);

        await AdvanceAsync(seconds: 70);
        usage = await new UsageReader(_names, _ => remote.Servers[0], _time).ReadAsync(["products"], TestContext.Current.CancellationToken);
        Assert.Equal(
            [Use("products", 0, 0, 0, 0)],
            usage);
    }

    [Fact]
    public async Task What_a_thousand_processes_did_is_added_up_to_the_last_read()
    {
        const int Processes = 1000;
        await using var remote = new EmbeddedRemote(_time);
        using var metrics = new NearCacheMetrics(null);
        ActiveRule[][] rules = [.. Enumerable.Range(0, Processes).Select(_ => new[] { Rule("products", new PerThreadCounter()) })];
        UsageReporter[] reporters =
        [
            .. rules.Select(own => new UsageReporter(_names, _ => remote.Servers[0], () => own, _time, metrics, NullLogger.Instance)),
        ];
        for (var process = 0; process < Processes; process++)
        {
            for (var read = 0; read < 1 + (process % 3); read++)
            {
                rules[process][0].Counters.RemoteRead();
            }

            rules[process][0].Counters.Written();
        }

        await AdvanceAsync(seconds: 11, Processes);
        await AdvanceAsync(seconds: 10, Processes);
        var usage = Assert.Single(await new UsageReader(_names, _ => remote.Servers[0], _time)
            .ReadAsync(["products"], TestContext.Current.CancellationToken));
        await Task.WhenAll(reporters.Select(reporter => reporter.DisposeAsync().AsTask()));

        Assert.Equal(Enumerable.Range(0, Processes).Sum(process => 1 + (process % 3)), Math.Round(usage.RemoteReadsPerSecond * 60));
        Assert.Equal(Processes, Math.Round(usage.WritesPerSecond * 60));
    }

    [Fact]
    public async Task The_use_of_a_rule_says_what_it_is_worth()
    {
        await using var remote = new EmbeddedRemote(_time);
        using var metrics = new NearCacheMetrics(null);
        var (hits, other) = (new PerThreadCounter(), new PerThreadCounter());
        ActiveRule[] first = [Rule("products", hits)], second = [Rule("products", other)];
        first[0].Counters.Kept(100, 50_000);
        second[0].Counters.Kept(60, 30_000);
        second[0].Counters.Kept(-20, -10_000);
        await using var one = new UsageReporter(_names, _ => remote.Servers[0], () => first, _time, metrics, NullLogger.Instance);
        await using var two = new UsageReporter(_names, _ => remote.Servers[0], () => second, _time, metrics, NullLogger.Instance);
        for (var at = 0; at < 80; at++)
        {
            hits.Add(first[0].Counters.HitsPart, 30);
            first[0].Counters.Written();
            await AdvanceAsync(seconds: 1);
        }

        var trips = new[] { _time.GetUtcNow() - TimeSpan.FromMinutes(50), _time.GetUtcNow() - TimeSpan.FromMinutes(70) };
        var circuit = new RuleCircuit("products", 1, ChurnBreakerState.Closed, 7, [.. trips], "one", "too fast");
        await remote.Servers[0].ExecuteAsync(
            MetaCommand.Set(_names.Circuits, CircuitsFormat.Write([circuit])), TestContext.Current.CancellationToken);
        var usage = Assert.Single(await new UsageReader(_names, _ => remote.Servers[0], _time)
            .ReadAsync(["products"], TestContext.Current.CancellationToken));

        // A process adds its numbers once in 9 to 11 seconds, to counters of 10 seconds.
        Assert.InRange(usage.NearHitsPerSecond, 25, 35);
        Assert.Equal(30, usage.NearHitsPerWrite!.Value, tolerance: 1e-6);
        Assert.InRange(usage.NearEntries, 110, 170);
        Assert.Equal(500, usage.NearBytes / (double)usage.NearEntries, tolerance: 10);
        Assert.Equal(500 * usage.NearHitsPerSecond, usage.SavedBytesPerSecond, tolerance: 200);
        Assert.Equal(1, usage.Suspensions);
    }

    [Fact]
    public void The_names_on_memcached_are_as_documented() => Assert.Equal(
        "~nc:1:shop:usage:189349920:h:products", Encoding.ASCII.GetString(
            _names.Of(UsageCounterNames.BucketOf(_time.GetUtcNow()), UsageKind.NearHit, "products")));

    private static ActiveRule Rule(string name, PerThreadCounter hits) =>
        new(new Rule(name, new KeyPattern($"{name}:*")), new RuleDefaults(TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5), 20), hits);

    // Step by step, so that a loop can go on from one timer to the next.
    private async Task AdvanceAsync(int seconds, int reporters = 2)
    {
        for (var i = 0; i < 10 * seconds; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.1));
            await Eventually.BecomesTrueAsync(() => _time.ActiveTimers >= reporters, "all reporters wait again");
        }
    }

    private static RuleUsage Use(string rule, double nearHits, double remoteReads, double writes, double announcements) => new()
    {
        Rule = rule,
        NearHitsPerSecond = nearHits,
        RemoteReadsPerSecond = remoteReads,
        WritesPerSecond = writes,
        AnnouncementsPerSecond = announcements,
    };
}
