using NearCache.Memcached.Protocol;
using NearCache.Rules;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;

namespace NearCache.Tests.Sequences;

/// <summary>The churn breaker over two processes, from the first excess write until the rule is announced again.</summary>
public sealed class ChurnSequencesTests
{
    [Fact]
    public async Task What_one_process_writes_too_fast_no_process_announces_until_it_has_been_quiet_and_nobody_has_to_help()
    {
        await using var fleet = await Fleet.StartAsync();

        await fleet.WriteUntilAsync(writesPerSecond: 30, () => fleet.Breaker(fleet.There) == ChurnBreakerState.Open);
        Assert.Equal(ChurnBreakerState.Open, fleet.Breaker(fleet.Here));
        Assert.True(Rule(fleet.There).IsOn);
        Assert.Empty(fleet.There.Rules.Current.Stops);

        // Near reads continue in the meantime, and changes are seen.
        await fleet.Here.SetAsync(Fleet.Key, "old");
        await fleet.TurnUntilAsync(async () => (await fleet.There.GetAsync<string>(Fleet.Key)).Source == CacheSource.Near);
        await fleet.Here.SetAsync(Fleet.Key, "new");
        await fleet.TurnUntilAsync(
            async () => (await fleet.There.GetAsync<string>(Fleet.Key)) is { Value: "new", Source: CacheSource.Near });

        var announced = Rule(fleet.Here).Announcements;
        await fleet.WriteAsync(writesPerSecond: 30, seconds: 20);
        Assert.Equal(announced, Rule(fleet.Here).Announcements);

        await fleet.UntilAsync(ChurnBreakerState.HalfOpen);
        await fleet.UntilAsync(ChurnBreakerState.Closed);
        await fleet.WriteAsync(writesPerSecond: 10, seconds: 2);
        Assert.Equal(announced + 20, Rule(fleet.Here).Announcements);
    }

    [Fact]
    public async Task Twenty_processes_that_each_write_five_keys_a_second_trip_it_though_none_of_them_does_alone()
    {
        await using var fleet = await Fleet.StartAsync();
        var others = Enumerable.Range(0, 18).Select(_ => fleet.Join()).ToArray();
        try
        {
            await fleet.WriteAsync(writesPerSecond: 2, seconds: 50, [fleet.Here, fleet.There, .. others]);
            Assert.Equal(ChurnBreakerState.Closed, fleet.Breaker(fleet.Here));
            await fleet.WriteUntilAsync(
                writesPerSecond: 5,
                () => others.Append(fleet.There).All(cache => fleet.Breaker(cache) == ChurnBreakerState.Open),
                [fleet.Here, fleet.There, .. others]);

            Assert.EndsWith("by all processes together, and the limit is 50", Rule(fleet.There).ChurnReason, StringComparison.Ordinal);
            Assert.Empty(fleet.Here.Rules.Current.Stops);
        }
        finally
        {
            await Task.WhenAll(others.Select(cache => cache.DisposeAsync().AsTask()));
        }
    }

    [Fact]
    public async Task The_fifth_trip_within_an_hour_is_a_stop_in_every_process_and_after_it_was_cleared_the_count_begins_anew()
    {
        await using var fleet = await Fleet.StartAsync();
        for (var trip = 1; trip < 5; trip++)
        {
            await fleet.WriteUntilAsync(
                writesPerSecond: 30, () => fleet.Breaker(fleet.There) == ChurnBreakerState.Open, trip % 2 == 0 ? fleet.Here : fleet.There);
            Assert.Empty(fleet.There.Rules.Current.Stops);
            await fleet.UntilAsync(ChurnBreakerState.HalfOpen);
        }

        await fleet.WriteUntilAsync(writesPerSecond: 30, () => fleet.Here.Rules.Current.Stops.Count > 0);
        await fleet.TurnUntilAsync(() => Task.FromResult(fleet.There.Rules.Current.Stops.Count > 0));
        var stop = Assert.Single(fleet.There.Rules.Current.Stops);
        Assert.Equal("products", stop.Rule);
        Assert.StartsWith("churn breaker of ", stop.Who, StringComparison.Ordinal);
        Assert.EndsWith("; that was trip 5 within an hour", stop.Why, StringComparison.Ordinal);
        Assert.False(Rule(fleet.There).IsOn);

        await fleet.Here.Rules.ClearStopsAsync(
            [stop.Id], new EditReason { Who = "Alice", Why = "the import is over" }, TestContext.Current.CancellationToken);
        await fleet.TurnUntilAsync(() => Task.FromResult(Rule(fleet.Here).IsOn && Rule(fleet.There).IsOn));
        await fleet.UntilAsync(ChurnBreakerState.Closed);
        await fleet.WriteUntilAsync(writesPerSecond: 30, () => fleet.Breaker(fleet.There) == ChurnBreakerState.Open);
        Assert.Empty(fleet.Here.Rules.Current.Stops);
    }

    [Theory]
    [InlineData("""{"format":2,"circuits":[]}""", true)]
    [InlineData("""{"format":1,"circuits":[{"rule":"products","since":1,"state":"open","version":9223372036854775807,"trips":["""
        + """],"who":"","why":""}]}""", false)]
    [InlineData("""{"format":1,"circuits":[{"rule":"products","since":1,"state":"ajar","version":1,"trips":["""
        + """],"who":"","why":""}]}""", false)]
    [InlineData("garbage", false)]
    public async Task An_item_that_cannot_be_read_ends_nothing_and_stays_only_where_a_newer_process_wrote_it(string text, bool isNewer)
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.HereRemote.ExecuteAsync(
            MetaCommand.Set("~nc:1:default:churn"u8.ToArray(), System.Text.Encoding.UTF8.GetBytes(text)),
            TestContext.Current.CancellationToken);

        await fleet.WriteUntilAsync(writesPerSecond: 30, () => fleet.Breaker(fleet.Here) == ChurnBreakerState.Open);
        await fleet.WriteAsync(writesPerSecond: 30, seconds: 3);

        Assert.Equal(isNewer ? ChurnBreakerState.Closed : ChurnBreakerState.Open, fleet.Breaker(fleet.There));
        var item = await fleet.HereRemote.ExecuteAsync(
            MetaCommand.Get("~nc:1:default:churn"u8.ToArray()), TestContext.Current.CancellationToken);
        Assert.Equal(isNewer, System.Text.Encoding.UTF8.GetString(item.Value.Span) == text);
    }

    [Fact]
    public async Task An_item_that_names_a_thousand_unknown_rules_is_said_in_one_line()
    {
        using var log = new LogRecorder();
        await using var fleet = await Fleet.StartAsync(log);
        var circuits = Enumerable.Range(0, 1000).Select(index => new RuleCircuit(
            $"unknown-{index}", 1, ChurnBreakerState.Open, 1, [fleet.Time.GetUtcNow()], "a vandal", "garbage"));
        await fleet.HereRemote.ExecuteAsync(
            MetaCommand.Set("~nc:1:default:churn"u8.ToArray(), CircuitsFormat.Write(circuits), timeToLive: 0),
            TestContext.Current.CancellationToken);

        await fleet.TurnUntilAsync(() => Task.FromResult(log.Of(1315).Length > 0));
        await fleet.WriteAsync(writesPerSecond: 1, seconds: 90);

        Assert.StartsWith(
            "1000 churn breakers on memcached are of rules that this process does not have",
            Assert.Single(log.Of(1315)),
            StringComparison.Ordinal);
        Assert.Empty(log.Of(1310));
    }

    private static RuleSnapshot Rule(NearCacheClient cache) => cache.Snapshot().Rules.Single(rule => rule.Name == "products");
}

file static class Churning
{
    public static ChurnBreakerState Breaker(this Fleet _, NearCacheClient cache) =>
        cache.Snapshot().Rules.Single(rule => rule.Name == "products").ChurnBreaker;

    public static async Task WriteAsync(this Fleet fleet, int writesPerSecond, int seconds, params NearCacheClient[] writers)
    {
        var second = 0;
        await fleet.WriteUntilAsync(writesPerSecond, () => second++ == seconds, writers);
    }

    /// <summary>Lets each writer write until a condition holds, which is checked once a second.</summary>
    public static async Task WriteUntilAsync(this Fleet fleet, int writesPerSecond, Func<bool> condition, params NearCacheClient[] writers)
    {
        for (var second = 0; !condition(); second++)
        {
            Assert.True(second < 120, "Nothing happened in two minutes of manual time.");
            for (var part = 0; part < 4; part++)
            {
                foreach (var writer in writers is [] ? [fleet.Here] : writers)
                {
                    for (var i = writesPerSecond * part / 4; i < writesPerSecond * (part + 1) / 4; i++)
                    {
                        await writer.SetAsync($"product:written-{i}", second);
                    }
                }

                await fleet.PassAsync(TimeSpan.FromSeconds(0.25));
            }
        }
    }

    public static async Task UntilAsync(this Fleet fleet, ChurnBreakerState state)
    {
        for (var seconds = 0; fleet.Breaker(fleet.Here) != state || fleet.Breaker(fleet.There) != state; seconds++)
        {
            Assert.True(seconds < 1200, "Nothing happened in twenty minutes of manual time.");
            await fleet.PassAsync(TimeSpan.FromSeconds(1));
        }
    }

    private static async Task PassAsync(this Fleet fleet, TimeSpan by)
    {
        await fleet.TurnAsync(by);
        await PoolTurns.PassAsync();
    }
}
