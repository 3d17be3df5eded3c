using NearCache.TestSupport;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Rules;

/// <summary>A client that observes and operates a fleet on real servers.</summary>
public sealed class FleetClientTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_the_right_to_read_alone_it_reads_everything_and_changes_nothing()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 1, servers: 2, configure: options =>
        {
            ReadableByAll(options);
            options.Ensemble.QuotaZNodes = 100;
        });
        await fleet.ServeNearAsync("product:1");
        await fleet.AreMembersAsync(1);
        await fleet.Admin.CreateAsync("/dubbo", null);
        await using var client = await ConnectAsync(fleet, readOnly: true);
        await UntilHasSessionAsync(client);
        var before = await fleet.ZooKeeper.LastZxidAsync();

        var rules = await client.GetRulesAsync(Token);
        Assert.Equal((1L, 1L), (rules.Registry.Value!.Revision, rules.Current.Value!.Revision));
        Assert.All(rules.Servers, server => Assert.Equal(1, server.Carried.Value!.Revision));
        var servers = await client.GetServersAsync(Token);
        Assert.All(servers, server =>
        {
            var statistics = server.Statistics.Value!;
            Assert.InRange(statistics.Connections!.Value, 2, 20);
            Assert.True(statistics.MaxConnections > 100 && statistics.MaxBytes > 0 && statistics.RejectedConnections == 0);
            Assert.True(server.Settings.Value!.MaxItemBytes > 0);
            Assert.NotNull(server.Namespace.Value!.Writes);
        });

        var ensemble = (await client.GetEnsembleAsync(Token))!;
        var status = Assert.Single(ensemble.Servers).Status.Value!;
        Assert.Equal(("standalone", ensemble.LastZxid.Value), (status.Mode, status.Zxid!.Value));
        Assert.True(status.Nodes > 15 && status.Version!.StartsWith("3.", StringComparison.Ordinal));
        Assert.True(ensemble.Servers[0].Monitor.Value!.ContainsKey("zk_znode_count"));
        Assert.True(ensemble.Servers[0].Connections.Value!.Count >= 2);
        var subtree = ensemble.Subtree.Value!;
        Assert.Empty(subtree.Missing);
        Assert.Equal((1, 0, 8), (subtree.Members, subtree.Leftovers, subtree.SlotWrites.Count));
        Assert.Contains("count=100", subtree.Quota.Value!.Limits, StringComparison.Ordinal);
        var member = Assert.Single((await client.GetMembersAsync(Token)).Value!);
        Assert.Equal(Environment.ProcessId, member.ProcessId);
        Assert.Equal("rules", Assert.Single((await client.GetNamespacesAsync(Token)).Value!).Name);
        var tenants = (await client.GetCoTenantsAsync(Token)).Value!;
        Assert.Equal([("/dubbo", "Dubbo")], tenants.Names.Select(tenant => (tenant.Path, tenant.Product)));
        Assert.Equal(member, Assert.Single((await client.GetReportsAsync(Token)).Value!.Processes).Member);
        Assert.Equal(2, (await client.GetUsageAsync(Token)).Value!.Count);
        await Eventually.BecomesTrueAsync(
            async () => await client.WhyAsync("product:1") is { Misses: [], Item.Exists: true, Rule.Name: "products", Unknown: [] },
            "reads keep it near");

        // The process and this client have one connection each.
        foreach (var server in await client.GetConnectionOwnersAsync(Token))
        {
            Assert.Equal((2, 2, 0), (server.Expected, server.Seen, server.Unaccounted));
            Assert.Equal(["", member.Id], server.Connections.Select(one => one.ReportedBy).Order(StringComparer.Ordinal));
        }

        Assert.Equal(before, await fleet.ZooKeeper.LastZxidAsync());

        // This opens and closes a session of its own; nothing else is a transaction.
        Assert.Equal(0, (await client.FindLeftoversAsync(cancellationToken: Token)).Leftovers);
        Assert.InRange(await fleet.ZooKeeper.LastZxidAsync() - before, 0, 2);
        await Assert.ThrowsAsync<NearCacheException>(() => client.StopAsync(null, RuleFleet.Reason, Token));

        // A client that may write, but whose identity may not, is told so, and the servers still take the stop.
        await using var stranger = await ConnectAsync(fleet, readOnly: false);
        var edit = await Assert.ThrowsAsync<NearCacheException>(() => stranger.Rules.DisableAsync("products", RuleFleet.Reason, Token));
        Assert.Contains("/nearcache/rules/rules", edit.Message, StringComparison.Ordinal);
        var stop = await stranger.StopAsync("products", RuleFleet.Reason, Token);
        Assert.StartsWith("not permitted", stop.Places[0].Stored.Unknown, StringComparison.Ordinal);
        Assert.All(stop.Places.Skip(1), place => Assert.True(place.Stored.Value));
        await fleet.UntilNotNearAsync("product:1", () => Task.CompletedTask);
    }

    [Fact]
    public async Task An_hour_of_reading_leaves_memcached_and_ZooKeeper_as_they_are()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 1, servers: 2, configure: ReadableByAll);
        await fleet.ServeNearAsync("product:1");
        await fleet.AreMembersAsync(1);

        // Of the processes only what they have left is there, so that every change is the client's.
        await fleet.Caches[0].DisposeAsync();
        var time = new ManualTime();
        await using var client = await ConnectAsync(fleet, readOnly: true, time);
        await UntilHasSessionAsync(client);
        var before = await Task.WhenAll(fleet.Memcached.Select(server => MemcachedContent.ReadAsync(server, Token)));
        var zxid = await fleet.ZooKeeper.LastZxidAsync();

        // A step is shorter than what a connection outlives without a reply. In each step every server replies, and before that to the
        // probes of the last step: otherwise the clock could run ahead of the replies of a busy machine.
        var step = TimeSpan.FromSeconds(15);
        for (var at = TimeSpan.Zero; at < TimeSpan.FromHours(1); at += step)
        {
            if (at.Seconds == 0)
            {
                await ReadEverythingAsync(client);
            }

            AssertKnown(await client.GetRulesAsync(Token));
            time.Advance(step);
        }

        Assert.Equal(zxid, await fleet.ZooKeeper.LastZxidAsync());
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        for (var i = 0; i < fleet.Memcached.Length; i++)
        {
            var after = await MemcachedContent.ReadAsync(fleet.Memcached[i], Token);
            Assert.True(before[i].Count(item => item.Value.Expiry < 0) > 60, "the counters are among the items");
            Assert.Equal(
                before[i].Where(item => item.Value.Expiry < 0 || item.Value.Expiry > now).OrderBy(item => item.Key, StringComparer.Ordinal),
                after.Where(item => item.Value.Expiry < 0 || item.Value.Expiry > now).OrderBy(item => item.Key, StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task It_stops_a_fleet_without_ZooKeeper_and_removes_a_key_for_all_processes()
    {
        await using var fleet = await RuleFleet.StartAsync(caches: 2, servers: 2);
        await fleet.ServeNearAsync("product:1");
        await fleet.ServeNearAsync("site");

        // A dead ensemble fails by this limit, which the operations of this test meet four times.
        await using var client = await ConnectAsync(fleet, readOnly: false, ensembleTimeout: TimeSpan.FromSeconds(1));

        Assert.True(await client.RemoveKeyAsync("site", Token));
        foreach (var cache in fleet.Caches)
        {
            await Eventually.BecomesTrueAsync(async () => !(await cache.GetAsync<string>("site")).HasValue, "the key is gone");
            Assert.Equal(CacheSource.Near, (await cache.GetAsync<string>("product:1")).Source);
        }

        fleet.ZooKeeper.Kill();
        var stop = await client.StopAsync(null, RuleFleet.Reason, Token);
        Assert.False(stop.Places[0].Stored.IsKnown);
        Assert.All(stop.Places.Skip(1), place => Assert.True(place.Stored.Value));
        await fleet.UntilNotNearAsync("product:1", () => Task.CompletedTask);
        Assert.All(fleet.Caches, cache => Assert.Equal(stop.Stop.Id, Assert.Single(cache.Rules.Current.Stops).Id));
        await Assert.ThrowsAsync<NearCacheException>(() => client.ResumeAsync([stop.Stop.Id], RuleFleet.Reason, Token));
    }

    // The processes may do everything, and every identity may read.
    private static void ReadableByAll(NearCacheOptions options)
    {
        options.ZooKeeper.Authentications.Add(ZooKeeperAuthentication.Digest("shop", "secret"));
        options.Ensemble.Acl.Add("auth::cdrwa");
        options.Ensemble.Acl.Add("world:anyone:r");
    }

    private static async Task ReadEverythingAsync(FleetClient client)
    {
        AssertKnown(await client.GetRulesAsync(Token));
        var usage = await client.GetUsageAsync(Token);
        Assert.Null(usage.Unknown);
        Assert.Equal(["products", "site"], usage.Value!.Select(rule => rule.Rule));
        Assert.All(await client.GetServersAsync(Token), server => Assert.True(server.Statistics.IsKnown && server.Namespace.IsKnown));
        Assert.True((await client.GetEnsembleAsync(Token))!.Subtree.IsKnown);
        Assert.True((await client.GetMembersAsync(Token)).IsKnown);
        Assert.True((await client.GetNamespacesAsync(Token)).IsKnown);
        Assert.True((await client.GetCoTenantsAsync(Token)).IsKnown);
        var reports = (await client.GetReportsAsync(Token)).Value!;
        // The long report of the process that has ended expires while the test reads.
        await client.GetReportAsync(Assert.Single(reports.Processes).Id, Token);
        Assert.All(await client.GetConnectionOwnersAsync(Token), server => Assert.Null(server.Problem));
        Assert.NotNull((await client.WhyAsync("product:1", Token)).Item);
        Assert.Equal(2, (await client.Rules.PreviewAsync([], prune: true, Token)).Changes.Count);
    }

    private static void AssertKnown(FleetRules rules)
    {
        Assert.Null(rules.Registry.Unknown);
        Assert.All(rules.Servers, server => Assert.Null(server.Carried.Unknown));
    }

    // The client connects to ZooKeeper beside its first reading, and the start of a session is a transaction.
    private static Task UntilHasSessionAsync(FleetClient client) => Eventually.BecomesTrueAsync(
        async () => (await client.GetRulesAsync(Token)).Registry.IsKnown, "the client has a session");

    private static Task<FleetClient> ConnectAsync(
        RuleFleet fleet, bool readOnly, TimeProvider? time = null, TimeSpan? ensembleTimeout = null)
    {
        var options = new NearCacheOptions { Namespace = "rules" };
        Array.ForEach(fleet.Memcached, server => options.Memcached.Servers.Add(server.Address));
        options.ZooKeeper.ConnectionString = fleet.ZooKeeper.Address;
        options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(60);

        // What is alive may be slow on a busy machine.
        options.ZooKeeper.RequestTimeout = ensembleTimeout ?? TimeSpan.FromSeconds(20);
        options.Memcached.OperationTimeout = TimeSpan.FromSeconds(20);
        options.Memcached.ConnectTimeout = TimeSpan.FromSeconds(20);
        options.RuleLease = TimeSpan.FromSeconds(30);
        return FleetClient.ConnectAsync(
            options,
            new FleetClientOptions { ReadOnly = readOnly, ObeyTimeout = TimeSpan.Zero, Timeout = TimeSpan.FromMinutes(1) },
            timeProvider: time,
            cancellationToken: Token);
    }
}
