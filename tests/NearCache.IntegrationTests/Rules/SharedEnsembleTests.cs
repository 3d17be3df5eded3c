using System.Globalization;
using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Namespaces;
using NearCache.Coherence.Slots.Core;
using NearCache.Diagnostics;
using NearCache.Near;
using NearCache.Remote;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Rules;

/// <summary>NearCache in a shared ensemble: co-tenants, access rights, quotas.</summary>
public sealed class SharedEnsembleTests
{
    private const string Home = "/nearcache/rules";
    private static readonly string[] AllNodes =
        [Home, Home + "/config", Home + "/rules", Home + "/members", Home + "/slots", .. Enumerable.Range(0, 8)
            .Select(slot => string.Create(CultureInfo.InvariantCulture, $"{Home}/slots/{slot:00}"))];

    [Fact]
    public async Task Who_else_lives_in_the_ensemble_is_said_once_and_shown_in_health_data_also_under_a_chroot()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 0);
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        foreach (var path in new[] { "/dubbo", "/brokers", "/apps", "/apps/shop" })
        {
            await admin.CreateAsync(path, null);
        }

        var log = new LogRecorder();
        await using var below = RuleFleet.Make(
            fleet.Memcached, fleet.ZooKeeper, options => options.ZooKeeper.ConnectionString += "/apps/shop", log);
        await using var top = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, null);
        await using var blind = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, options => options.Ensemble.LookForNeighbours = false);
        await Eventually.BecomesTrueAsync(
            () => below.Snapshot().Neighbours is not null && top.Snapshot().Neighbours is not null, "both have looked");

        Assert.Equal(["brokers", "dubbo"], below.Snapshot().Neighbours!);
        Assert.Equal(["apps", "brokers", "dubbo"], top.Snapshot().Neighbours!);
        Assert.Contains("/brokers (Kafka), /dubbo (Dubbo)", Assert.Single(log.Of(1405)), StringComparison.Ordinal);
        var health = await new NearCacheHealthCheck(below)
            .CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);
        Assert.Equal("brokers, dubbo", health.Data["zooKeeperNeighbours"]);
        await Eventually.BecomesTrueAsync(() => blind.Snapshot().ZooKeeper == "Connected", "the third has a session");
        Assert.Null(blind.Snapshot().Neighbours);

        // All its nodes are below the chroot.
        Assert.NotNull(await admin.ExistsAsync("/apps/shop" + Home));
    }

    [Fact]
    public async Task With_access_rights_no_other_identity_can_read_or_change_a_namespace()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 2, configure: options =>
        {
            options.ZooKeeper.Authentications.Add(ZooKeeperAuthentication.Digest("shop", "secret"));
            options.Ensemble.Acl.Add("auth::cdrwa");
        });
        await fleet.ServeNearAsync("product:1");
        await RuleFleet.AreMembersAsync(2, fleet.Caches);
        await fleet.Caches[0].Rules.AddAsync(new RuleOptions { Name = "other", Match = "other:*" }, RuleFleet.Reason);
        await Eventually.BecomesTrueAsync(() => fleet.Caches[1].Snapshot().RulesRevision == 2, "the other knows the edit");

        await using var stranger = new ZooKeeperClient(fleet.ZooKeeper.Address);
        foreach (var path in AllNodes)
        {
            await Assert.ThrowsAsync<NoAuthException>(async () => await stranger.GetDataAsync(path));
            await Assert.ThrowsAsync<NoAuthException>(async () => await stranger.SetDataAsync(path, null));
        }

        await Assert.ThrowsAsync<NoAuthException>(async () => await stranger.GetChildrenAsync(Home + "/members"));

        // A namespace of another owner can be created beside it.
        await using var other = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, options => options.Namespace = "other");
        await Eventually.BecomesTrueAsync(() => other.Snapshot().RulesRevision == 1, "another namespace has its rules");
    }

    [Fact]
    public async Task On_request_a_quota_is_set_once_as_zkCli_would_and_a_later_change_of_it_stays()
    {
        await using var fleet = await RuleFleet.StartAsync(
            caches: 1, configure: options => (options.Ensemble.QuotaZNodes, options.Ensemble.QuotaBytes) = (200, 500_000));
        await using var admin = new ZooKeeperClient(fleet.ZooKeeper.Address);
        const string Quota = "/zookeeper/quota" + Home;
        await Eventually.BecomesTrueAsync(async () => await admin.ExistsAsync(Quota + "/zookeeper_stats") is not null, "there is a quota");

        Assert.Equal(
            "count=200,bytes=500000=;byteHardLimit=500000;countHardLimit=200", await TextAsync(admin, Quota + "/zookeeper_limits"));
        await Eventually.BecomesTrueAsync(
            async () =>
                (await TextAsync(admin, Quota + "/zookeeper_stats"))
                    .StartsWith("count=14,", StringComparison.Ordinal), "the server counts the namespace and its member");

        await admin.SetDataAsync(Quota + "/zookeeper_limits", Encoding.ASCII.GetBytes(SubtreeQuota.Format(300, 0)));
        await using var later = RuleFleet.Make(fleet.Memcached, fleet.ZooKeeper, options => options.Ensemble.QuotaZNodes = 100);
        await Eventually.BecomesTrueAsync(() => later.Snapshot().Neighbours is not null, "another process has looked");
        await RuleFleet.AreMembersAsync(2, later);
        Assert.Equal("count=300,bytes=-1=;byteHardLimit=-1;countHardLimit=300", await TextAsync(admin, Quota + "/zookeeper_limits"));
    }

    [Fact]
    public async Task A_quota_that_the_ensemble_enforces_costs_a_few_refused_writes_one_warning_and_no_entry()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync(javaOptions: ["-Dzookeeper.enforceQuota=true"]);
        var log = new LogRecorder();
        await using var writer = RuleFleet.Make([memcached], zooKeeper, null, log);
        await using var reader = RuleFleet.Make([memcached], zooKeeper, null);
        await Eventually.BecomesTrueAsync(
            async () => await RuleFleet.IsNearAsync(reader, "product:1") && await RuleFleet.IsNearAsync(writer, "product:2"),
            "both serve near");
        await RuleFleet.AreMembersAsync(2, writer);
        await using var admin = new ZooKeeperClient(zooKeeper.Address);
        await QuotaAsync(admin, bytes: 1);

        // Each attempt waits for the last pause to end.
        for (var i = 0; i < 6; i++)
        {
            await writer.SetAsync("product:1", i.ToString(CultureInfo.InvariantCulture));
            var wanted = i.ToString(CultureInfo.InvariantCulture);
            await Eventually.BecomesTrueAsync(
                async () => (await reader.GetAsync<string>("product:1")).Value == wanted, "the reader sees it by its audits");
        }

        await Eventually.BecomesTrueAsync(() => writer.Snapshot().Budgets!.QuotaRefusals > 0, "an announcement is refused");
        Assert.InRange(writer.Snapshot().Budgets!.QuotaRefusals, 1, 5);
        Assert.Contains("a quota of /nearcache/rules", Assert.Single(log.Of(1406)), StringComparison.Ordinal);
        await Eventually.BecomesTrueAsync(() => RuleFleet.IsNearAsync(reader, "product:1"), "near caching goes on");
        await Assert.ThrowsAsync<NearCacheException>(
            () => writer.Rules.AddAsync(new RuleOptions { Name = "more", Match = "more:*" }, RuleFleet.Reason));

        await admin.DeleteAsync("/zookeeper/quota" + Home + "/zookeeper_limits");
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await writer.SetAsync("product:1", "raised");
                var slots = await Task.WhenAll(AllNodes[5..].Select(async slot => (await admin.ExistsAsync(slot))!.Value.DataLength));
                return slots.Sum() > 8 * SlotRing.Fresh(Random.Shared).Encode().Length;
            },
            "it announces again after the last pause",
            TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task A_process_for_which_the_quota_has_no_room_is_no_member_and_works_all_the_same()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync(javaOptions: ["-Dzookeeper.enforceQuota=true"]);
        await using var admin = new ZooKeeperClient(zooKeeper.Address);
        await using var first = RuleFleet.Make([memcached], zooKeeper, null);
        await RuleFleet.AreMembersAsync(1, first);
        await QuotaAsync(admin, zNodes: 14);
        var log = new LogRecorder();
        await using var second = RuleFleet.Make([memcached], zooKeeper, null, log);

        await Eventually.BecomesTrueAsync(() => second.Snapshot().Budgets!.QuotaRefusals > 0, "it may not be a member");
        await Eventually.BecomesTrueAsync(() => RuleFleet.IsNearAsync(second, "product:1"), "it serves near");
        await first.SetAsync("product:1", "new");
        await Eventually.BecomesTrueAsync(async () => (await second.GetAsync<string>("product:1")).Value == "new", "it hears of changes");
        Assert.Single(log.Of(1406));
        Assert.Equal(1, (await admin.ExistsAsync(Home + "/members"))!.Value.ChildrenCount);

        await admin.DeleteAsync("/zookeeper/quota" + Home + "/zookeeper_limits");
        await Eventually.BecomesTrueAsync(
            async () => (await admin.ExistsAsync(Home + "/members"))!.Value.ChildrenCount == 2,
            "there is room now",
            TimeSpan.FromMinutes(5));
    }

    private static async Task<string> TextAsync(ZooKeeperClient client, string path) =>
        Encoding.ASCII.GetString((await client.GetDataAsync(path)).Data.Span);

    private static async Task QuotaAsync(ZooKeeperClient admin, long zNodes = 0, long bytes = 0) =>
        await new SubtreeQuota(LaneOf(admin), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, ZNodeAcl.OpenToAll)
            .SetAsync(Home, zNodes, bytes, CancellationToken.None);

    private static EnsembleLane LaneOf(ZooKeeperClient client) =>
        new EnsembleGateway(
            new RentedClient<ZooKeeperClient>(client, () => null, () => 2),
            announcementsPerNamespace: 100,
            new NearClock(TimeProvider.System),
            TimeProvider.System,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance)
                .Lane(EnsembleRequest.Inspect, EnsembleRequest.SetQuota, EnsemblePacing.None);
}
