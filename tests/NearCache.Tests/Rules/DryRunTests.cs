using NearCache.TestSupport;

namespace NearCache.Tests.Rules;

/// <summary>A dry run on the embedded remote.</summary>
public sealed class DryRunTests : IAsyncLifetime
{
    private static readonly EditReason Reason = new() { Who = "Alice", Why = "a test" };
    private readonly ManualTime _time = new();
    private readonly NearCacheClient _cache;

    public DryRunTests() =>
        _cache = new NearCacheClient(
            new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*", DryRun = true } } },
            timeProvider: _time);

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _cache.DisposeAsync();

    [Fact]
    public async Task It_counts_what_it_would_keep_near_and_announce_and_does_neither()
    {
        await _cache.SetAsync("product:1", "one");
        await _cache.SetAsync("basket:1", "other");
        foreach (var key in new[] { "product:1", "product:1", "product:1", "basket:1" })
        {
            Assert.Equal(CacheSource.Remote, (await _cache.GetAsync<string>(key)).Source);
        }

        await _cache.SetAsync("product:1", "two");
        Assert.Equal(CacheSource.Remote, (await _cache.GetAsync<string>("product:1")).Source);
        _time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(CacheSource.Remote, (await _cache.GetAsync<string>("product:1")).Source);

        Assert.Equal(
            new RuleSnapshot
            {
                Name = "products",
                IsOn = false,
                NearHits = 2,
                RemoteReads = 3,
                Writes = 2,
                Announcements = 2,
                IsDryRun = true,
            },
            Assert.Single(_cache.Snapshot().Rules));
        Assert.Equal((0, 0), (_cache.Snapshot().NearHits, _cache.Snapshot().NearEntries));
        var settings = Assert.Single(_cache.Rules.Current.Rules).Settings;
        Assert.Equal((true, true), (settings.Enabled, settings.DryRun));
    }

    [Fact]
    public async Task It_comes_into_force_when_the_fleet_was_watched_and_writes_seldom_enough()
    {
        var early = await Assert.ThrowsAsync<RuleRefusedException>(() => _cache.Rules.EndDryRunAsync("products", 100, Reason));
        Assert.Contains("has run for 0 s", early.Message, StringComparison.Ordinal);
        var began = _time.GetUtcNow();
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                await _cache.SetAsync("product:1", "value");
                return _time.GetUtcNow() - began > TimeSpan.FromSeconds(91)
                    && (await _cache.Rules.GetUsageAsync(TestContext.Current.CancellationToken))[0].WritesPerSecond > 0.2;
            },
            "a minute of writes is known");

        var refused = await Assert.ThrowsAsync<RuleRefusedException>(() => _cache.Rules.EndDryRunAsync("products", 0.1, Reason));
        Assert.Contains("times a second by the fleet, more than 0.1", refused.Message, StringComparison.Ordinal);
        Assert.Equal(CacheSource.Remote, (await _cache.GetAsync<string>("product:1")).Source);

        var after = await _cache.Rules.EndDryRunAsync("products", 100, Reason);

        Assert.Equal((true, false, 2), (after.Rules[0].Settings.Enabled, after.Rules[0].Settings.DryRun, after.Rules[0].Since));
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return (await _cache.GetAsync<string>("product:1")).Source == CacheSource.Near;
            },
            "it is near");
        await Assert.ThrowsAsync<RuleRefusedException>(() => _cache.Rules.EndDryRunAsync("products", 100, Reason));
        await Assert.ThrowsAsync<RuleRefusedException>(() => _cache.Rules.EndDryRunAsync("nobody", 100, Reason));
    }

    [Fact]
    public async Task A_rule_is_tried_again_or_put_out_of_force_by_an_edit()
    {
        await _cache.Rules.ChangeAsync("products", rule => rule.DryRun = false, Reason);
        Assert.True(Assert.Single(_cache.Snapshot().Rules) is { IsDryRun: false });

        // The second edit of a process waits for the rate limit.
        var again = _cache.Rules.ChangeAsync("products", rule => rule.DryRun = true, Reason);
        await Eventually.BecomesTrueAsync(
            () =>
            {
                _time.Advance(TimeSpan.FromMilliseconds(100));
                return again.IsCompleted;
            },
            "its turn comes");
        await again;
        Assert.True(Assert.Single(_cache.Snapshot().Rules) is { IsDryRun: true, IsOn: false });
        Assert.Equal(3, _cache.Rules.Current.Rules[0].Since);
    }
}
