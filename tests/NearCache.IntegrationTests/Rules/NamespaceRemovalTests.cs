using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Rules;

/// <summary>Namespaces that were created by mistake: detected at start, and removed by a person if no process uses them.</summary>
public sealed class NamespaceRemovalTests(ITestOutputHelper output)
{
    private const string Home = "/nearcache/rules";

    [Fact]
    public async Task A_namespace_goes_only_as_it_was_planned_a_day_before_with_its_rules_in_a_file_and_no_other_is_touched()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 0);
        var registry = await MakeAsync(fleet);
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        await admin.CreateAsync("/nearcache/other", null);
        await admin.CreateAsync("/nearcache/other/rules", null);

        // The wall clock is years ahead; the times of sessions are not affected.
        var time = new ManualTime();
        var cleaner = new NamespaceCleaner(
            new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address }, "rules", timeProvider: time);
        var (first, second) = (Path.Combine(fleet.ZooKeeper.Folder, "first.json"), Path.Combine(fleet.ZooKeeper.Folder, "second.json"));
        var plan = await cleaner.PlanRemovalAsync(first, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(("rules", 13, time.GetUtcNow().AddDays(1)), (plan.Namespace, plan.ZNodes, plan.RemovableFrom));
        using (var file = System.Text.Json.JsonDocument.Parse(await File.ReadAllBytesAsync(first, TestContext.Current.CancellationToken)))
        {
            Assert.Equal(registry, file.RootElement.GetProperty("rules").GetString());
        }

        await Assert.ThrowsAsync<IOException>(
            () => cleaner.PlanRemovalAsync(first, cancellationToken: TestContext.Current.CancellationToken));
        await IsRefusedAsync(() => cleaner.RemoveAsync(first), "a running fleet can be without members for a while");

        // A process joins and leaves.
        time.Advance(TimeSpan.FromDays(1));
        await admin.CreateAsync(Home + "/members/one", null, ZNodeMode.Ephemeral);
        await IsRefusedAsync(() => cleaner.RemoveAsync(first), "processes use the namespace");
        await admin.DeleteAsync(Home + "/members/one");
        await IsRefusedAsync(() => cleaner.RemoveAsync(first), "or a process joined or left");

        await cleaner.PlanRemovalAsync(second, cancellationToken: TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromDays(1));
        var other = new NamespaceCleaner(new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address }, "other", timeProvider: time);
        await IsRefusedAsync(() => other.RemoveAsync(second), "the plan is of the namespace rules");
        var before = await fleet.ZooKeeper.LastZxidAsync();
        await cleaner.RemoveAsync(second, cancellationToken: TestContext.Current.CancellationToken);
        var cost = await fleet.ZooKeeper.LastZxidAsync() - before;

        output.WriteLine($"[FIGURE] a namespace of {plan.ZNodes} znodes removed in {cost} transactions");
        Assert.Equal(3, cost);   // a session, its end, and the removal
        Assert.Null(await admin.ExistsAsync(Home));
        Assert.NotNull(await admin.ExistsAsync("/nearcache/other/rules"));
        await IsRefusedAsync(() => cleaner.PlanRemovalAsync(second + "2"), "it does not exist");
        Assert.False(File.Exists(second + "2"));
    }

    [Fact]
    public async Task A_namespace_that_was_changed_lately_or_holds_more_than_its_own_is_not_even_planned()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 0);
        await MakeAsync(fleet);
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        var file = Path.Combine(fleet.ZooKeeper.Folder, "plan.json");
        var cleaner = new NamespaceCleaner(new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address }, "rules");
        var soon = new CleanerOptions { UnchangedFor = TimeSpan.Zero, PlannedFor = TimeSpan.Zero };

        await IsRefusedAsync(() => cleaner.PlanRemovalAsync(file), "less than 30.00:00:00 ago (CleanerOptions.UnchangedFor)");
        await admin.CreateAsync(Home + "/slots/08", null);
        await IsRefusedAsync(
            () => cleaner.PlanRemovalAsync(file, soon), "1 of its nodes are not part of the present layout: run CleanAsync first");
        await admin.DeleteAsync(Home + "/slots/08");
        await admin.SetDataAsync(Home + "/config", """{"format":99,"slots":8}"""u8.ToArray());
        await IsRefusedAsync(() => cleaner.PlanRemovalAsync(file, soon), "a newer layout");
        await admin.SetDataAsync(Home + "/config", """{"format":1,"slots":8}"""u8.ToArray());
        var rules = (await admin.GetDataAsync(Home + "/rules")).Data.ToArray();
        await admin.SetDataAsync(Home + "/rules", new byte[] { 0xFF, 0xC3, 0x28 });
        await IsRefusedAsync(() => cleaner.PlanRemovalAsync(file, soon), "is not UTF-8 text, so the plan cannot keep it");
        await admin.SetDataAsync(Home + "/rules", rules);
        var time = new ManualTime();
        await new NamespaceCleaner(new ZooKeeperOptions { ConnectionString = fleet.ZooKeeper.Address }, "rules", timeProvider: time)
            .PlanRemovalAsync(file, soon, TestContext.Current.CancellationToken);
        await IsRefusedAsync(() => cleaner.RemoveAsync(file, soon), "which is in the future by the clock of this machine");
        await File.WriteAllTextAsync(file, "no plan", TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<NearCacheException>(() => cleaner.RemoveAsync(file, soon, TestContext.Current.CancellationToken));
        Assert.Equal(13, await NodesAsync(admin));

        // The remains of an incomplete deletion are removed, too.
        await admin.DeleteAsync(Home + "/config");
        await admin.DeleteAsync(Home + "/slots/03");
        File.Delete(file);
        Assert.Equal(11, (await cleaner.PlanRemovalAsync(file, soon, TestContext.Current.CancellationToken)).ZNodes);
        await cleaner.RemoveAsync(file, soon, TestContext.Current.CancellationToken);
        Assert.Null(await admin.ExistsAsync(Home));
    }

    [Fact]
    public async Task Many_namespaces_and_a_generated_name_are_warned_of_once_and_no_other_namespace_is_listed()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 0);
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        await admin.CreateAsync("/nearcache", null);
        await admin.MultiAsync([.. Enumerable.Range(0, 200).Select(i => MultiOperation.Create($"/nearcache/shop-{i}", null))]);
        var (few, many) = (new LogRecorder(), new LogRecorder());

        await using (
            var cache = RuleFleet.Make(
                fleet.Memcached,
                fleet.ZooKeeper,
                options => (options.Namespace, options.Ensemble.WarnAboveNamespaces) = ("shop-0", 0),
                few))
        {
            await Eventually.BecomesTrueAsync(() => cache.Snapshot().Neighbours is not null, "it has looked around");
        }

        await using (
            var cache = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, options => options.Namespace = "shop-7d4b9c6f5d-x2v8q", many))
        {
            await Eventually.BecomesTrueAsync(() => many.Of(1441).Length > 0, "it has counted");
        }

        Assert.Empty(few.Of(1440).Concat(few.Of(1441)));
        Assert.Contains("shop-7d4b9c6f5d-x2v8q holds the name of a pod", Assert.Single(many.Of(1440)), StringComparison.Ordinal);
        Assert.StartsWith(
            "201 namespaces exist under /nearcache in ZooKeeper, more than 200 (Ensemble:WarnAboveNamespaces).",
            Assert.Single(many.Of(1441)),
            StringComparison.Ordinal);
    }

    // Creates the namespace, and returns its rules.
    private static async Task<string> MakeAsync(RuleFleet fleet)
    {
        await using var cache = RuleFleet.Make(
            fleet.Memcached, fleet.ZooKeeper, options => options.ZooKeeper.SessionTimeout = TimeSpan.FromMinutes(1));
        await Eventually.BecomesTrueAsync(
            () => cache.Snapshot().RulesRevision > 0 && cache.Snapshot().ZooKeeper == "Connected", "it has made its namespace");
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        await Eventually.BecomesTrueAsync(async () => await admin.ExistsAsync(Home + "/rules") is not null, "it has made its namespace");
        return System.Text.Encoding.UTF8.GetString((await admin.GetDataAsync(Home + "/rules")).Data.Span);
    }

    private static async Task<int> NodesAsync(ZooKeeperClient admin) =>
        1 + (await admin.GetChildrenAsync(Home)).Names.Count + (await admin.GetChildrenAsync(Home + "/slots")).Names.Count;

    private static async Task IsRefusedAsync(Func<Task> act, string why)
    {
        var exception = await Assert.ThrowsAsync<NearCacheException>(act);
        Assert.Contains(why, exception.Message, StringComparison.Ordinal);
    }
}
