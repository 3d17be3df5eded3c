using System.Diagnostics;
using NearCache.TestSupport;

namespace NearCache.Tests.Rules;

/// <summary>
/// The registry on the embedded remote. What an edit ends has ended when the edit returns; what it starts may start a moment later.
/// </summary>
public sealed class RuleRegistryTests : IAsyncLifetime
{
    private static readonly EditReason Reason = new() { Who = "Alice", Why = "a test" };
    private readonly NearCacheClient _cache = new(
        new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } });

    private IRuleRegistry Rules => _cache.Rules;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    [Fact]
    public async Task The_configured_rules_are_there_from_the_start()
    {
        var rule = Assert.Single(Rules.Current.Rules);

        Assert.Equal(("products", "product:*", 1), (rule.Settings.Name, rule.Settings.Match, rule.Since));
        Assert.Equal(Rules.Current.Revision, (await Rules.GetAsync(TestContext.Current.CancellationToken)).Revision);
    }

    [Fact]
    public async Task A_rule_that_is_added_keeps_its_keys_near_and_the_edit_stays_in_the_history()
    {
        Assert.Equal(CacheSource.Remote, await SecondReadAsync("basket:1"));

        var after = await Rules.AddAsync(new RuleOptions { Name = "baskets", Match = "basket:*", Preload = { "basket:1" } }, Reason);

        await BecomesNearAsync("basket:1");
        Assert.Equal((2, 2), (after.Revision, after.Rules[1].Since));
        Assert.Equal((2, "Alice", "a test"), Of(Assert.Single(after.History)));
        Assert.Equal(["basket:1"], after.Rules[1].Settings.Preload);
    }

    [Fact]
    public async Task A_change_of_limits_voids_nothing_and_a_change_of_the_match_voids_that_rule()
    {
        await BecomesNearAsync("product:1");
        await Rules.ChangeAsync("products", rule => rule.MaxWritesPerSecond = 100, Reason);
        Assert.Equal(CacheSource.Near, (await _cache.GetAsync<string>("product:1")).Source);

        await Rules.ChangeAsync("products", rule => rule.Match = "product:1*", Reason);
        Assert.Equal(CacheSource.Remote, (await _cache.GetAsync<string>("product:1")).Source);
        Assert.Equal(100, Rules.Current.Rules[0].Settings.MaxWritesPerSecond);
        Assert.Equal((3, 3), (Rules.Current.Revision, Rules.Current.Rules[0].Since));
    }

    [Fact]
    public async Task A_disabled_rule_keeps_nothing_near_until_it_is_enabled()
    {
        await BecomesNearAsync("product:1");
        await Rules.DisableAsync("products", Reason);
        Assert.Equal(CacheSource.Remote, await SecondReadAsync("product:1"));
        await Rules.EnableAsync("products", Reason);
        await BecomesNearAsync("product:1");
    }

    [Fact]
    public async Task A_removed_rule_is_gone_with_its_entries()
    {
        await BecomesNearAsync("product:1");

        await Rules.RemoveAsync("products", Reason);

        Assert.Empty(Rules.Current.Rules);
        Assert.Equal(CacheSource.Remote, await SecondReadAsync("product:1"));
    }

    [Theory]
    [InlineData("all", "*", "cover every key")]
    [InlineData("tags", "~tag:*", "reserved")]
    [InlineData("products", "other:*", "one of its own")]
    [InlineData("tie", "product:*", "neither is more specific")]
    public async Task A_wrong_rule_is_refused_with_the_reason_and_nothing_changes(string name, string match, string reason)
    {
        var refused = await Assert.ThrowsAsync<RuleRefusedException>(
            () => Rules.AddAsync(new RuleOptions { Name = name, Match = match }, Reason));

        Assert.Contains(refused.Mistakes, mistake => mistake.Contains(reason, StringComparison.Ordinal));
        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.Equal(1, Rules.Current.Revision);
    }

    [Fact]
    public async Task A_set_that_would_be_too_large_is_refused()
    {
        var preload = Enumerable.Range(0, 100).Select(i => $"large:{i}:{new string('x', 200)}").ToArray();
        for (var rules = 0; ; rules++)
        {
            var rule = new RuleOptions { Name = $"large{rules}", Match = $"large:*{new string('?', rules + 1)}" };
            Array.ForEach(preload, rule.Preload.Add);
            try
            {
                await Rules.AddAsync(rule, Reason);
            }
            catch (RuleRefusedException refused)
            {
                Assert.Equal(3, rules);
                Assert.Contains("may take 65536", refused.Message, StringComparison.Ordinal);
                return;
            }
        }
    }

    [Fact]
    public async Task A_rule_that_does_not_exist_cannot_be_edited_or_stopped()
    {
        await Assert.ThrowsAsync<RuleRefusedException>(() => Rules.RemoveAsync("nobody", Reason));
        await Assert.ThrowsAsync<RuleRefusedException>(() => Rules.ClearStopsAsync(["nobody"], Reason));
        await Assert.ThrowsAsync<RuleRefusedException>(() => Rules.ClearStopsAsync([], Reason));
        await Assert.ThrowsAsync<ArgumentException>(() => Rules.StopAsync("nobody", Reason));
        await Assert.ThrowsAsync<ArgumentException>(() => Rules.StopAsync("products", new EditReason { Who = " ", Why = "" }));
    }

    [Fact]
    public async Task An_edit_of_a_revision_that_is_gone_is_refused()
    {
        await Rules.DisableAsync("products", Reason with { IfRevision = 1 });

        var refused = await Assert.ThrowsAsync<RevisionConflictException>(
            () => Rules.EnableAsync("products", Reason with { IfRevision = 1 }));

        Assert.Contains("revision 2, not 1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loop_that_edits_is_held_to_two_edits_a_second()
    {
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(
            Enumerable.Range(0, 4).Select(i => Rules.AddAsync(new RuleOptions { Name = $"rule{i}", Match = $"rule{i}:*" }, Reason)));

        // One at once and three at two a second, with a margin for the resolution of the clock.
        Assert.True(clock.Elapsed > TimeSpan.FromSeconds(1.4), $"four edits took {clock.Elapsed}");
        Assert.Equal(5, Rules.Current.Revision);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("products")]
    public async Task The_kill_switch_ends_near_hits_at_once_and_clearing_it_brings_them_back(string? rule)
    {
        await BecomesNearAsync("product:1");

        var stop = await Rules.StopAsync(rule, Reason);
        Assert.Equal(CacheSource.Remote, await SecondReadAsync("product:1"));
        Assert.Equal([stop], Rules.Current.Stops);
        Assert.Equal((rule, "Alice", "a test"), (stop.Rule, stop.Who, stop.Why));

        await Rules.ClearStopsAsync([stop.Id], Reason);
        Assert.Empty(Rules.Current.Stops);
        await BecomesNearAsync("product:1");
    }

    [Fact]
    public async Task A_stop_of_one_rule_leaves_the_others_alone()
    {
        await Rules.AddAsync(new RuleOptions { Name = "site", Match = "site:*" }, Reason);
        await Rules.StopAsync("products", Reason);

        Assert.Equal(CacheSource.Remote, await SecondReadAsync("product:1"));
        await BecomesNearAsync("site:1");
    }

    [Fact]
    public async Task Watching_shows_what_is_and_each_change_until_the_cache_ends()
    {
        var seen = new List<(long Revision, int Stops)>();
        var first = new TaskCompletionSource();
        var watching = Task.Run(async () =>
        {
            await foreach (var state in Rules.WatchAsync())
            {
                seen.Add((state.Revision, state.Stops.Count));
                first.TrySetResult();
            }
        });
        await first.Task;
        await Rules.DisableAsync("products", Reason);
        await Rules.StopAsync(null, Reason);
        await _cache.DisposeAsync();
        await watching;

        Assert.Equal((1, 0), seen[0]);
        Assert.True(seen.SequenceEqual(seen.Distinct().Order()), "each state once, in order");
        Assert.All(seen, state => Assert.Contains(state, new[] { (1L, 0), (2L, 0), (2L, 1) }));
    }

    private static (long Revision, string Who, string Why) Of(RegistryEdit edit) => (edit.Revision, edit.Who, edit.Why);

    private Task BecomesNearAsync(string key) =>
        Eventually.BecomesTrueAsync(async () => await SecondReadAsync(key) == CacheSource.Near, $"{key} is near");

    private async Task<CacheSource> SecondReadAsync(string key)
    {
        await _cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("value"));
        await _cache.GetAsync<string>(key);
        return (await _cache.GetAsync<string>(key)).Source;
    }
}
