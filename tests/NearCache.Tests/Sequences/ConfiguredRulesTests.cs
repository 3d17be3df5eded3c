namespace NearCache.Tests.Sequences;

/// <summary>Rules that change in the configuration of running processes without a registry: the others find them on memcached.</summary>
public sealed class ConfiguredRulesTests
{
    private static readonly RuleOptions Products = new() { Name = "products", Match = "product:*" };
    private static readonly RuleOptions Site = new() { Name = "site", Match = "site:*" };

    [Fact]
    public async Task A_rule_that_one_process_is_given_is_near_in_both_when_every_writer_knows_it()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.Here.SetAsync("site:1", "old");

        fleet.Here.Reload(With(Products, Site));
        Assert.Equal(["products", "site"], Names(fleet.Here));
        var turned = await fleet.TurnUntilAsync(
            async () => await IsNearAsync(fleet.Here, "site:1") && await IsNearAsync(fleet.There, "site:1"));
        Assert.True(turned >= TimeSpan.FromSeconds(5), $"It was near after {turned}, before the lease was over.");
        Assert.Equal(2, fleet.There.Rules.Current.Revision);

        // Every writer counts it by now.
        await fleet.There.SetAsync("site:1", "new");
        await fleet.TurnUntilAsync(async () => (await fleet.Here.GetAsync<string>("site:1")).Value == "new");
    }

    [Fact]
    public async Task A_rule_that_one_process_loses_is_gone_there_at_once_and_in_the_other_soon()
    {
        await using var fleet = await Fleet.StartAsync();
        await fleet.TurnUntilAsync(async () => await IsNearAsync(fleet.Here, Fleet.Key) && await IsNearAsync(fleet.There, Fleet.Key));

        fleet.Here.Reload(With(Site));
        Assert.Equal(CacheSource.Remote, (await fleet.Here.GetAsync<string>(Fleet.Key)).Source);
        await fleet.TurnUntilAsync(() => Task.FromResult(Names(fleet.There).SequenceEqual(["site"])));
        Assert.Equal(CacheSource.Remote, (await fleet.There.GetAsync<string>(Fleet.Key)).Source);
    }

    [Fact]
    public async Task A_limit_that_changes_voids_nothing()
    {
        await using var fleet = await Fleet.StartAsync(options => options.Rules.RemoveAt(1));
        await fleet.TurnUntilAsync(() => IsNearAsync(fleet.Here, Fleet.Key));

        fleet.Here.Reload(With(new RuleOptions { Name = "products", Match = "product:*", MaxWritesPerSecond = 7 }));

        Assert.Equal(7, fleet.Here.Rules.Current.Rules[0].Settings.MaxWritesPerSecond);
        Assert.Equal(CacheSource.Near, (await fleet.Here.GetAsync<string>(Fleet.Key)).Source);
    }

    [Fact]
    public async Task The_same_change_in_every_process_is_one_revision()
    {
        await using var fleet = await Fleet.StartAsync();

        fleet.Here.Reload(With(Products, Site));
        fleet.There.Reload(With(Products, Site));
        await fleet.TurnUntilAsync(() => IsNearAsync(fleet.There, "site:1"));
        fleet.There.Reload(With(Products, Site));

        Assert.Equal((2, 2), (fleet.Here.Rules.Current.Revision, fleet.There.Rules.Current.Revision));
    }

    [Fact]
    public async Task Processes_that_are_configured_differently_at_once_agree_on_the_rules_of_one_of_them()
    {
        await using var fleet = await Fleet.StartAsync();
        fleet.Here.Reload(With(Site));
        fleet.There.Reload(With(new RuleOptions { Name = "site", Match = "place:*" }));
        Assert.Equal((2, 2), (fleet.Here.Rules.Current.Revision, fleet.There.Rules.Current.Revision));

        await fleet.TurnUntilAsync(() => Task.FromResult(Match(fleet.Here) == Match(fleet.There)));
        var key = Match(fleet.Here).Replace("*", "1", StringComparison.Ordinal);
        await fleet.TurnUntilAsync(async () => await IsNearAsync(fleet.Here, key) && await IsNearAsync(fleet.There, key));

        Assert.Equal((3, 3), (fleet.Here.Rules.Current.Revision, fleet.There.Rules.Current.Revision));
        Assert.Equal((3, 3), (fleet.Here.Rules.Current.Rules[0].Since, fleet.There.Rules.Current.Rules[0].Since));
    }

    private static string Match(NearCacheClient cache) => cache.Rules.Current.Rules[0].Settings.Match;

    private static string[] Names(NearCacheClient cache) => [.. cache.Rules.Current.Rules.Select(rule => rule.Settings.Name)];

    private static async Task<bool> IsNearAsync(NearCacheClient cache, string key)
    {
        await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("value"));
        return (await cache.GetAsync<string>(key)).Source == CacheSource.Near;
    }

    private static NearCacheOptions With(params RuleOptions[] rules)
    {
        var options = new NearCacheOptions();
        foreach (var rule in rules)
        {
            options.Rules.Add(rule);
        }

        return options;
    }
}
