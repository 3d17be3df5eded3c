using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NearCache.Coherence.Ensemble;
using NearCache.IntegrationTests.Identity;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Rules;

/// <summary>The cost of accidental deletions in the tree for a real server, by the server's own figures.</summary>
public sealed class DamagedNamespaceTests(ITestOutputHelper output)
{
    private const string Home = "/nearcache/rules";
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(3);
    private static readonly string[] Slots = [.. Enumerable.Range(0, 8)
        .Select(slot => string.Create(CultureInfo.InvariantCulture, $"{Home}/slots/{slot:00}"))];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_process_that_starts_where_a_part_of_the_namespace_is_missing_creates_that_part(bool onlyRulesAreThere)
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 0);
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        await using (var first = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, null))
        {
            await Eventually.BecomesTrueAsync(() => first.Snapshot().RulesRevision == 1, "the namespace is there");
            await StoredIdentities.AreThereAsync(admin, "rules", fleet.Memcached);
        }

        string[] removed = onlyRulesAreThere ? [.. Slots, Home + "/slots", Home + "/members", Home + "/config"] : [Home + "/config"];
        foreach (var path in removed)
        {
            await admin.DeleteAsync(path);
        }

        var (zxid, requests) = (await fleet.ZooKeeper.LastZxidAsync(), await ReceivedAsync(fleet));
        var clock = Stopwatch.StartNew();
        await using var cache = RuleFleet.Make(
            fleet.Memcached, fleet.ZooKeeper, options => (
                options.ZooKeeper.SessionTimeout, options.Seams.MembershipSpeed) = (TimeSpan.FromMinutes(1), 1));
        await Eventually.BecomesTrueAsync(() => cache.Snapshot().Coordination!.Namespace == "Whole", "the namespace is whole again");
        await Task.Delay(Watched, TimeProvider.System, TestContext.Current.CancellationToken);

        var cost = await fleet.ZooKeeper.LastZxidAsync() - zxid;
        var asked = await ReceivedAsync(fleet) - requests;
        output.WriteLine($"[FIGURE] {removed.Length} nodes were missing: {cost} transactions and {asked} requests in "
            + $"{clock.Elapsed.TotalSeconds:0.0} s (before: 527 to 669 transactions and 2,676 requests a second)");
        await AllExistAsync(admin, removed);

        // Its session, and the nodes that it creates. If the node of the members was missing, so were the identities of servers, which
        // are written some seconds after a start.
        Assert.InRange(cost, 2, onlyRulesAreThere ? 3 : 2);

        // The allowance, eight slots, the rules, and requests of the client and of this test.
        Assert.InRange(asked, 1, EnsembleLimits.RequestsOfNewSession + clock.Elapsed.TotalSeconds + 30);
        Assert.Equal(HealthStatus.Healthy, (await DetailsAsync(cache)).Status);
    }

    [Fact]
    public async Task Slots_that_refuse_to_be_read_and_a_namespace_that_was_deleted_cost_little_and_are_told_and_mended()
    {
        var log = new LogRecorder();
        await using var fleet = await RuleFleet.StartAsync(caches: 0);
        await using var cache = RuleFleet.Make(
            fleet.Memcached,
            fleet.ZooKeeper,
            options => (options.ChurnBreaker, options.ZooKeeper.SessionTimeout, options.Seams.MembershipSpeed) = (
                false, TimeSpan.FromSeconds(3), 1),
            log);
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        await Eventually.BecomesTrueAsync(() => RuleFleet.IsNearAsync(cache, "product:1"), "it serves near");
        await RuleFleet.AreMembersAsync(1, cache);
        await Eventually.BecomesTrueAsync(async () => (await DetailsAsync(cache)).Status == HealthStatus.Healthy, "all is well");

        foreach (var slot in Slots)
        {
            await admin.SetAclAsync(slot, [ZNodeAcl.World(ZNodePermissions.Write | ZNodePermissions.Admin)]);
        }

        var failed = cache.Snapshot().Coordination!.Failures;
        var refused = await WatchAsync(fleet, cache, "reading the slots is refused");
        await Eventually.BecomesTrueAsync(
            async () => (await DetailsAsync(cache)).Description?.Contains("ReadSlot", StringComparison.Ordinal) == true,
            "it says that slots cannot be read");
        Assert.Equal(
            HealthStatus.Healthy,
            (
                await new NearCacheHealthCheck(cache)
                    .CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken)).Status);

        // Eight slots; each is read after 1 s, 2 s, 4 s …
        Assert.InRange(cache.Snapshot().Coordination!.Failures - failed, 1, 8 * (2 + Math.Log2(refused.TotalSeconds + 1) + 2));
        Assert.InRange(log.Of(1402).Length, 1, EnsembleLimits.LogLinesPerMinute);

        foreach (var slot in Slots)
        {
            await admin.SetAclAsync(slot, ZNodeAcl.OpenToAll);
        }

        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await cache.SetAsync("product:1", "new");
                return (await DetailsAsync(cache)).Status == HealthStatus.Healthy;
            },
            "all is well again",
            TimeSpan.FromMinutes(5));

        foreach (var path in Slots.Concat((await admin.GetChildrenAsync(Home + "/members")).Names.Select(name => $"{Home}/members/{name}"))
            .Concat([Home + "/slots", Home + "/members", Home + "/config", Home + "/rules", Home]))
        {
            await admin.DeleteAsync(path);
        }

        await WatchAsync(fleet, cache, "the namespace is deleted");
        foreach (var path in Slots.Append(Home + "/config").Append(Home + "/members"))
        {
            await Eventually.BecomesTrueAsync(async () => await admin.ExistsAsync(path) is not null, $"{path} is created again");
        }

        var details = await DetailsAsync(cache);
        Assert.Equal(HealthStatus.Degraded, details.Status);
        Assert.Contains(
            "/rules) is missing: it is created again when it has been absent for 5 minutes", details.Description, StringComparison.Ordinal);

        // The command in the health data resolves the problem at once.
        var command = (string)details.Data["zooKeeperCommand"];
        var content = command[(command.IndexOf('\'', StringComparison.Ordinal) + 1)..^1];
        await admin.CreateAsync(Home + "/rules", System.Text.Encoding.UTF8.GetBytes(content));
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await cache.SetAsync("product:1", "newer");
                return (await DetailsAsync(cache)).Status == HealthStatus.Healthy;
            },
            "all is well again",
            TimeSpan.FromMinutes(5));
        Assert.Empty(log.Of(1301));
        Assert.Empty(log.Of(1302));
    }

    // Writes continuously; the server's figures must stay within budget and allowance.
    private async Task<TimeSpan> WatchAsync(RuleFleet fleet, NearCacheClient cache, string what)
    {
        var (zxid, requests, clock, writes) = (await fleet.ZooKeeper.LastZxidAsync(), await ReceivedAsync(fleet), Stopwatch.StartNew(), 0);
        while (clock.Elapsed < Watched)
        {
            await cache.SetAsync(string.Create(CultureInfo.InvariantCulture, $"product:{writes++}"), "value");
        }

        var (took, cost, asked) = (
            clock.Elapsed.TotalSeconds, await fleet.ZooKeeper.LastZxidAsync() - zxid, await ReceivedAsync(fleet) - requests);
        output.WriteLine($"[FIGURE] {what}: {writes} writes in {took:0.0} s, {cost} transactions, {asked} requests (before: 694 to "
            + $"2,537 reads a second)");

        // Announcements at 5 a second, each with a read of its slot before and after; three repairs; the allowance.
        Assert.InRange(cost, 0, (5 * took) + 2 + EnsembleLimits.TransactionsOfNewSession + took);
        Assert.InRange(asked, 0, (3 * ((5 * took) + 2)) + EnsembleLimits.RequestsOfNewSession + (8 * 6) + 20);
        return clock.Elapsed;
    }

    private static async Task AllExistAsync(ZooKeeperClient admin, IEnumerable<string> paths)
    {
        foreach (var path in paths)
        {
            Assert.True(await admin.ExistsAsync(path) is not null, path);
        }
    }

    private static Task<HealthCheckResult> DetailsAsync(NearCacheClient cache) =>
        new NearCacheDetailedHealthCheck(cache).CheckHealthAsync(new HealthCheckContext());

    private static async Task<long> ReceivedAsync(RuleFleet fleet)
    {
        var line = (await fleet.ZooKeeper.AskAsync("srvr"))
            .Split('\n')
            .First(text => text.StartsWith("Received:", StringComparison.Ordinal));
        return long.Parse(line.Split(':')[1], CultureInfo.InvariantCulture);
    }
}
