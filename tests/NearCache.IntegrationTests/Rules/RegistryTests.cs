using System.Text;
using NearCache.TestSupport;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Rules;

/// <summary>The registry in a real ZooKeeper, edited by one process and followed by another.</summary>
public sealed class RegistryTests
{
    private const string Znode = "/nearcache/rules/rules";

    [Fact]
    public async Task An_edit_by_one_process_is_in_force_in_the_other_and_edits_at_once_all_count()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 2);
        var (one, other) = (fleet.Caches[0].Rules, fleet.Caches[1].Rules);
        await fleet.ServeNearAsync("product:1");

        await one.AddAsync(new RuleOptions { Name = "menus", Match = "menu:*" }, RuleFleet.Reason);
        await fleet.ServeNearAsync("menu:1");

        await Task.WhenAll(
            one.DisableAsync("menus", RuleFleet.Reason),
            other.ChangeAsync("products", rule => rule.NearLifetime = TimeSpan.FromSeconds(30), RuleFleet.Reason with { Who = "Bob" }));
        await Eventually.BecomesTrueAsync(() => one.Current.Revision == 4 && other.Current.Revision == 4, "both know both edits");

        var registry = await other.GetAsync(TestContext.Current.CancellationToken);
        Assert.False(registry.Rules.Single(rule => rule.Settings.Name == "menus").Settings.Enabled);
        Assert.Equal(TimeSpan.FromSeconds(30), registry.Rules.Single(rule => rule.Settings.Name == "products").Settings.NearLifetime);
        Assert.Equal(["Alice", "Alice", "Bob"], registry.History.Select(edit => edit.Who).Order());
        Assert.Equal([2, 3, 4], registry.History.Select(edit => edit.Revision));
        Assert.All(
            fleet.Caches,
            cache => Assert.Equal(["products", "site", "menus"], cache.Rules.Current.Rules.Select(rule => rule.Settings.Name)));

        await one.RemoveAsync("products", RuleFleet.Reason);
        await fleet.UntilNotNearAsync("product:1", () => Task.CompletedTask);
    }

    [Fact]
    public async Task A_list_of_rules_is_one_transaction_and_another_process_undoes_it_with_its_stops()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 2);
        var (one, other) = (fleet.Caches[0].Rules, fleet.Caches[1].Rules);
        await fleet.ServeNearAsync("product:1");
        var stop = await other.StopAsync("site", RuleFleet.Reason);
        await one.ClearStopsAsync([stop.Id], RuleFleet.Reason with { IsVerified = true });
        RuleOptions[] wanted =
        [
            new() { Name = "menus", Match = "menu:*" }, new() { Name = "products", Match = "product:*", MaxEntries = 9 },
        ];
        var before = await VersionAsync(fleet);

        var applied = await one.ApplyAsync(wanted, prune: true, RuleFleet.Reason with { IfRevision = 2 });

        Assert.Equal(before + 1, await VersionAsync(fleet));
        Assert.Equal(3, applied.Revision);
        await Assert.ThrowsAsync<RevisionConflictException>(
            () => other.ApplyAsync(wanted, prune: true, RuleFleet.Reason with { IfRevision = 2 }));
        await other.UndoAsync(3, RuleFleet.Reason with { Who = "Bob" });
        var undone = await other.UndoAsync(2, RuleFleet.Reason with { Who = "Bob" });
        Assert.Equal(["products", "site"], undone.Rules.Select(rule => rule.Settings.Name));
        Assert.Null(undone.Rules[0].Settings.MaxEntries);
        Assert.Equal([(2, true), (3, false), (4, false), (5, false)], undone.History.Select(edit => ((int)edit.Revision, edit.IsVerified)));
        Assert.Equal(["menus", "products", "site"], undone.History[1].Changes!.Select(change => change.Name).Order());
        await Eventually.BecomesTrueAsync(() => one.Current is { Revision: 5, Stops.Count: 1 }, "the first process follows");
        Assert.Equal("site", Assert.Single(one.Current.Stops).Rule);
        await fleet.ServeNearAsync("product:1");
    }

    [Fact]
    public async Task A_rule_that_is_only_tried_costs_ZooKeeper_nothing_and_keeps_nothing_near_until_it_is_put_in_force()
    {
        await using var fleet = await RuleFleet.StartAsync(
            caches: 2, configure: options => options.Rules.Add(new RuleOptions { Name = "menus", Match = "menu:*", DryRun = true }));
        await fleet.ServeNearAsync("product:1");
        await fleet.AreMembersAsync(2);
        var before = await fleet.ZooKeeper.LastZxidAsync();
        for (var i = 0; i < 100; i++)
        {
            await fleet.Caches[0].SetAsync("menu:1", i);
            Assert.Equal(CacheSource.Remote, (await fleet.Caches[1].GetAsync<int>("menu:1")).Source);
        }

        var (writer, reader) = (Of(fleet.Caches[0]), Of(fleet.Caches[1]));
        Assert.Equal(before, await fleet.ZooKeeper.LastZxidAsync());
        Assert.Equal((100, 100, true), (writer.Writes, writer.Announcements, writer.IsDryRun));
        Assert.Equal((99, 1), (reader.NearHits, reader.RemoteReads));

        await fleet.Caches[0].Rules.EnableAsync("menus", RuleFleet.Reason);
        await fleet.ServeNearAsync("menu:2");

        static RuleSnapshot Of(NearCacheClient cache) => cache.Snapshot().Rules.Single(rule => rule.Name == "menus");
    }

    [Fact]
    public async Task Without_ZooKeeper_an_edit_fails_and_changes_nothing()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await fleet.ServeNearAsync("product:1");
        fleet.ZooKeeper.Kill();

        var failed = await Assert.ThrowsAsync<NearCacheException>(() => fleet.Caches[0].Rules.DisableAsync("products", RuleFleet.Reason));

        Assert.True(failed.IsTransient);
        await fleet.ServeNearAsync("product:1");
    }

    [Fact]
    public async Task A_registry_that_was_edited_by_hand_as_documented_is_followed()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 1);
        await fleet.ServeNearAsync("product:1");
        await using var zooKeeper = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address });

        // docs/operations/kill-switch.md, "Through ZooKeeper".
        var data = await zooKeeper.GetDataAsync(Znode, cancellationToken: TestContext.Current.CancellationToken);
        var text = Encoding.UTF8.GetString(data.Data.Span);
        var stopped = text[..^1] + """
            ,"stops":[{"id":"incident-4711","who":"Alice","why":"wrong prices","when":"2030-01-01T12:00:00.000Z"}]}
            """;
        await zooKeeper.SetDataAsync(Znode, Encoding.UTF8.GetBytes(stopped), data.Stat.Version, TestContext.Current.CancellationToken);
        await fleet.UntilNotNearAsync("product:1", () => Task.CompletedTask);

        await fleet.Caches[0].Rules.ClearStopsAsync(["incident-4711"], RuleFleet.Reason);
        await fleet.ServeNearAsync("product:1");
    }

    // The number of times that the registry was written.
    private static async Task<int> VersionAsync(RuleFleet fleet) =>
        (await fleet.Admin.ExistsAsync(Znode, cancellationToken: TestContext.Current.CancellationToken))!.Value.Version;
}
