using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>
/// A rule whose keys are written too fast, by mistake or temporarily: the breaker suspends its announcements in every process, reports
/// the reason, and closes again.
/// </summary>
/// <remarks>
/// 14,000 writes are imported, without waiting for the breaker to close; 200,000, until it has closed, with <c>NEARCACHE_FULL=1</c>.
/// </remarks>
public sealed class ChurnTests(ITestOutputHelper output)
{
    [Fact]
    public async Task An_import_under_one_rule_heals_by_itself_and_costs_ZooKeeper_little()
    {
        var writes = TestScale.Of(14_000, 200_000);
        await using var fleet = await RuleFleet.StartAsync(
            caches: 2, configure: options => options.Rules.Add(new RuleOptions { Name = "import", Match = "import:*" }));
        var (writer, reader) = (fleet.Caches[0], fleet.Caches[1]);
        if (TestScale.IsFull)
        {
            await fleet.AreMembersAsync(2);
        }

        foreach (var key in Enumerable.Range(0, BackgroundReads.Keys))
        {
            await writer.SetAsync($"product:{key}", "value");
            await writer.SetAsync($"import:visited-{key}", "value");
        }

        await using var reads = new BackgroundReads(reader);
        await reads.SettleAsync();
        await Eventually.BecomesTrueAsync(
            async () => await PhaseAsync("before", TestScale.Of(1, 3), reads, fleet) is { Own: > 0.9, Other: > 0.9 }, "reads are near");

        var zxid = await fleet.ZooKeeper.LastZxidAsync();
        var clock = Stopwatch.StartNew();
        reads.Take();
        TimeSpan? opened = null;
        var written = 0;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async part =>
        {
            // At most 2,000 writes a second, until it has tripped: about seven seconds, or a hundred.
            for (var i = part; i < writes || (opened is null && i < 10 * writes); i += 4)
            {
                await writer.SetAsync(string.Create(CultureInfo.InvariantCulture, $"import:{i}"), "value");
                opened ??= i % 64 == part && Rule(writer, "import").ChurnBreaker == ChurnBreakerState.Open ? clock.Elapsed : null;
                Interlocked.Increment(ref written);
                if (clock.Elapsed.TotalMilliseconds < i / 2.0)
                {
                    await Task.Delay(1, TestContext.Current.CancellationToken);
                }
            }
        }));
        var (took, cost) = (clock.Elapsed.TotalSeconds, await fleet.ZooKeeper.LastZxidAsync() - zxid);
        var during = reads.Take();
        output.WriteLine($"[FIGURE] import: {written:N0} writes in {took:0.0} s cost {cost} transactions; near hits meanwhile: other "
            + $"rules {during.Other:P1}, the rule itself {during.Own:P1}");
        Assert.Equal(ChurnBreakerState.Open, Rule(writer, "import").ChurnBreaker);

        // 5 announcements a second until it trips, members, and queued announcements, independent of the length of the import.
        Assert.InRange(cost, 1, 10 + (5 * opened!.Value.TotalSeconds));

        // After two more seconds of audits near values are as before, although the rule is not announced.
        await Eventually.BecomesTrueAsync(
            async () => await PhaseAsync("just after", 1, reads, fleet) is { Own: > 0.9, Other: > 0.9 }, "near reads are as before");
        Assert.Empty(reader.Rules.Current.Stops);
        if (TestScale.IsFull)
        {
            await Eventually.BecomesTrueAsync(
                () => fleet.Caches.All(cache => Rule(cache, "import").ChurnBreaker == ChurnBreakerState.HalfOpen),
                "half-open",
                TimeSpan.FromMinutes(5));
            output.WriteLine($"[FIGURE] import: half-open {clock.Elapsed.TotalSeconds - took:0} s after its end");
            await Eventually.BecomesTrueAsync(
                () => fleet.Caches.All(cache => Rule(cache, "import").ChurnBreaker == ChurnBreakerState.Closed),
                "closed",
                TimeSpan.FromMinutes(5));
            output.WriteLine($"[FIGURE] import: closed {clock.Elapsed.TotalSeconds - took:0} s after its end");
            await PhaseAsync("after", 3, reads, fleet);
        }
    }

    [Fact]
    public async Task Twenty_processes_that_each_write_five_lock_keys_a_second_trip_it_and_a_half_opening_costs_little()
    {
        Assert.SkipUnless(
            TestScale.IsFull, "takes three minutes: NEARCACHE_FULL=1. ChurnSequencesTests plays the same on a clock that it turns.");
        await using var fleet = await RuleFleet.StartAsync(
            caches: 20, configure: options => options.Rules.Add(new RuleOptions { Name = "locks", Match = "lock:*" }));
        await fleet.AreMembersAsync(20);
        await fleet.ServeNearAsync("lock:never-written");
        var before = await fleet.ZooKeeper.LastZxidAsync();
        var clock = Stopwatch.StartNew();
        await FiveASecondAsync(fleet, () => IsEverywhere(fleet, ChurnBreakerState.Open));
        var tripped = await fleet.ZooKeeper.LastZxidAsync();
        output.WriteLine($"[FIGURE] 20 processes at 5 writes/s: no process announces after {clock.Elapsed.TotalSeconds:0.0} s and "
            + $"{tripped - before} transactions; {Rule(fleet.Caches[0], "locks").ChurnReason}");
        clock.Restart();
        await FiveASecondAsync(fleet, () => clock.Elapsed > TimeSpan.FromSeconds(30));
        output.WriteLine(
            $"[FIGURE] 20 processes at 5 writes/s: {await fleet.ZooKeeper.LastZxidAsync() - tripped} transactions in 30 s more");
        Assert.InRange(await fleet.ZooKeeper.LastZxidAsync() - tripped, 0, 66);

        // A quiet period, then the mistake continues.
        await Eventually.BecomesTrueAsync(() => IsEverywhere(fleet, ChurnBreakerState.HalfOpen), "half-open", TimeSpan.FromMinutes(5));
        var opened = await fleet.ZooKeeper.LastZxidAsync();
        clock.Restart();
        await FiveASecondAsync(fleet, () => IsEverywhere(fleet, ChurnBreakerState.Open));
        var cost = await fleet.ZooKeeper.LastZxidAsync() - opened;
        output.WriteLine($"[FIGURE] 20 processes at 5 writes/s, half-open: tripped again after {clock.Elapsed.TotalSeconds:0.0} s and "
            + $"{cost} transactions");
        Assert.InRange(cost, 0, 66);
    }

    private static RuleSnapshot Rule(NearCacheClient cache, string name) => cache.Snapshot().Rules.Single(rule => rule.Name == name);

    private static bool IsEverywhere(RuleFleet fleet, ChurnBreakerState state) =>
        fleet.Caches.All(cache => Rule(cache, "locks").ChurnBreaker == state);

    private async Task<BackgroundReads.Ratios> PhaseAsync(string name, int seconds, BackgroundReads reads, RuleFleet fleet)
    {
        var zxid = await fleet.ZooKeeper.LastZxidAsync();
        reads.Take();
        await Task.Delay(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
        var ratios = reads.Take();
        output.WriteLine($"[FIGURE] import, {name}: near hits of other rules {ratios.Other:P1}, of the rule itself {ratios.Own:P1}; "
            + $"{await fleet.ZooKeeper.LastZxidAsync() - zxid} transactions in {seconds} s");
        return ratios;
    }

    private static async Task FiveASecondAsync(RuleFleet fleet, Func<bool> until)
    {
        for (var i = 0; !until(); i++)
        {
            var second = Task.Delay(TimeSpan.FromSeconds(0.2), TestContext.Current.CancellationToken);
            await Task.WhenAll(
                fleet.Caches.Select(
                    (cache, process) => cache.SetAsync(string.Create(CultureInfo.InvariantCulture, $"lock:{process}-{i % 50}"), "held")));
            await second;
        }
    }
}
