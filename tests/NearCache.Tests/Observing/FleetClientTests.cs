using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using NearCache.Observing;
using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Observing;

/// <summary>
/// A client that observes a fleet on fake servers: what it reads, what it leaves alone, and what it does when parts are dead.
/// </summary>
public sealed class FleetClientTests
{
    private static readonly EditReason Reason = FleetOfTests.Reason;

    [Fact]
    public async Task An_hour_of_reading_everything_changes_nothing_anywhere()
    {
        await using var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        fleet.ZooKeeper.SetData("/dubbo", []);
        var before = fleet.Content();
        Array.ForEach(fleet.Memcached, server => server.ClearCommands());
        var time = new ManualTime();

        await using (var client = await fleet.ConnectAsync(options => options.ReadOnly = false, time: time))
        {
            var from = fleet.ZooKeeper.Requests.Count;
            for (var at = TimeSpan.Zero; at < TimeSpan.FromHours(1); at += TimeSpan.FromMinutes(5))
            {
                await ReadEverythingAsync(client);
                time.Advance(TimeSpan.FromMinutes(5));
            }

            string[] reads = ["Exists", "GetData", "GetChildren2", "MultiRead", "Sync", "Ping"];
            Assert.All(fleet.ZooKeeper.Requests.Skip(from), request => Assert.Contains(request.Operation, reads));
        }

        Assert.Equal(before, fleet.Content());
        foreach (var command in fleet.Memcached.SelectMany(server => server.Commands))
        {
            Assert.True(command.StartsWith("mg ", StringComparison.Ordinal) || command.StartsWith("stats", StringComparison.Ordinal)
                || command.StartsWith("version", StringComparison.Ordinal) || command.StartsWith("mn", StringComparison.Ordinal), command);
        }
    }

    [Fact]
    public async Task It_joins_no_members_and_starts_nothing_where_there_is_no_namespace_yet()
    {
        await using var fleet = new FleetOfTests();
        var before = fleet.Content();
        await using var client = await fleet.ConnectAsync();

        var rules = await client.GetRulesAsync(TestContext.Current.CancellationToken);
        Assert.False(rules.Current.IsKnown);
        Assert.Contains("/nearcache/shop/rules", rules.Registry.Unknown, StringComparison.Ordinal);
        Assert.All(rules.Servers, server => Assert.Null(server.Carried.Value!.Revision));
        var ensemble = await client.GetEnsembleAsync(TestContext.Current.CancellationToken);
        Assert.Equal(14, ensemble!.Subtree.Value!.Missing.Count);
        Assert.Empty((await client.GetMembersAsync(TestContext.Current.CancellationToken)).Value!);
        Assert.Empty((await client.GetNamespacesAsync(TestContext.Current.CancellationToken)).Value!);
        await Assert.ThrowsAsync<NearCacheException>(() => client.StopAsync(null, Reason, TestContext.Current.CancellationToken));
        Assert.Equal(before, fleet.Content());
    }

    [Fact]
    public async Task What_it_reads_is_what_is_there()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await Eventually.BecomesTrueAsync(() => process.Snapshot().Coordination!.IsMember, "the process is a member");
        fleet.ZooKeeper.SetData("/brokers", []);
        fleet.ZooKeeper.SetData("/nearcache/shop/keys", []);
        await using var client = await fleet.ConnectAsync();

        var rules = await client.GetRulesAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1, "products,site"), (rules.Current.Value!.Revision, Names(rules.Current.Value)));
        Assert.Equal([1, 1], rules.Servers.Select(server => (int)server.Carried.Value!.Revision!));
        Assert.Equal(1, client.Rules.Current.Revision);

        var servers = await client.GetServersAsync(TestContext.Current.CancellationToken);
        Assert.Equal(fleet.Memcached.Select(server => server.Address), servers.Select(server => server.Name));
        Assert.All(servers, server =>
        {
            Assert.Equal(("1.6.18", 2), (server.Statistics.Value!.Version, server.Statistics.Value.Connections));
            Assert.Null(server.Statistics.Value.Evictions);
            Assert.Equal(("shop:", true), (server.Namespace.Value!.KeyPrefix, server.Namespace.Value.HasRules));
            Assert.NotNull(server.Namespace.Value.Writes);
            Assert.Equal(32, server.Namespace.Value.Identity!.Length);
        });
        var member = Assert.Single((await client.GetMembersAsync(TestContext.Current.CancellationToken)).Value!);
        Assert.Equal((Environment.MachineName, Environment.ProcessId), (member.Host, member.ProcessId!.Value));
        var reports = (await client.GetReportsAsync(TestContext.Current.CancellationToken)).Value!;
        var report = Assert.Single(reports.Processes);
        Assert.Equal((member.Id, Environment.ProcessId, member), (report.Id, report.Summary!.ProcessId, report.Member));
        Assert.Null(reports.MembersUnknown);
        await Eventually.BecomesTrueAsync(
            async () => (await client.GetReportAsync(member.Id)).Value?.Id == member.Id, "the process has stored its long report");

        // A fake server lists the connection that asks, and no other.
        var owners = await client.GetConnectionOwnersAsync(TestContext.Current.CancellationToken);
        Assert.Equal(fleet.Memcached.Select(server => server.Address), owners.Select(one => one.Server));
        Assert.All(owners, one =>
        {
            Assert.Null(one.Problem);
            Assert.Equal((2, 1, 0), (one.Expected, one.Seen, one.Unaccounted));
            Assert.Equal(["", member.Id], Assert.Single(one.Owners).Processes.Select(process => process.Id).Order());
            Assert.True(one.Owners[0].Processes.Single(process => process.Id.Length == 0).IsThisClient);
            Assert.Equal("", Assert.Single(one.Connections).ReportedBy);
        });
        Assert.Contains("no server", (await client.GetReportAsync(new string('0', 32), TestContext.Current.CancellationToken)).Unknown,
            StringComparison.Ordinal);

        // The process may write meanwhile.
        var zxid = fleet.ZooKeeper.Zxid;
        var ensemble = await client.GetEnsembleAsync(TestContext.Current.CancellationToken);
        Assert.Equal("standalone", Assert.Single(ensemble!.Servers).Status.Value!.Mode);
        Assert.False(ensemble.Servers[0].Monitor.IsKnown);
        Assert.StartsWith("unknown: ", ensemble.Servers[0].Monitor.ToString(), StringComparison.Ordinal);
        var subtree = ensemble.Subtree.Value!;
        Assert.Empty(subtree.Missing);
        Assert.Equal((1, 1, 1, 8), (subtree.Format!.Value, subtree.Members, subtree.Leftovers, subtree.SlotWrites.Count));
        Assert.Null(subtree.Quota.Value!.Limits);
        Assert.InRange(ensemble.LastZxid.Value, zxid, fleet.ZooKeeper.Zxid);
        Assert.False(ensemble.TransactionsPerSecond.IsKnown);

        var own = Assert.Single((await client.GetNamespacesAsync(TestContext.Current.CancellationToken)).Value!);
        Assert.Equal(("shop", true, 1), (own.Name, own.IsOwn, own.Members.Value));
        var tenant = Assert.Single((await client.GetCoTenantsAsync(TestContext.Current.CancellationToken)).Value!.Names);
        Assert.Equal(("/brokers", "Kafka", 0), (tenant.Path, tenant.Product, tenant.Children.Value));
        Assert.Equal(2, (await client.GetUsageAsync(TestContext.Current.CancellationToken)).Value!.Count);
    }

    [Fact]
    public async Task Each_part_of_an_answer_is_a_value_or_a_reason_whatever_is_dead()
    {
        await using var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        await using var client = await fleet.ConnectAsync();

        fleet.Memcached[1].Kill();
        await Eventually.BecomesTrueAsync(
            async () => !(await client.GetServersAsync())[1].Statistics.IsKnown, "the dead server is noticed");
        var servers = await client.GetServersAsync(TestContext.Current.CancellationToken);
        Assert.True(servers[0].Statistics.IsKnown && servers[0].Namespace.IsKnown);
        Assert.Contains(fleet.Memcached[1].Address, servers[1].Statistics.Unknown, StringComparison.Ordinal);
        Assert.Null(servers[1].Statistics.Value);
        var owners = await client.GetConnectionOwnersAsync(TestContext.Current.CancellationToken);
        Assert.Null(owners[0].Problem);
        Assert.Contains(fleet.Memcached[1].Address, owners[1].Problem, StringComparison.Ordinal);
        Assert.Contains(fleet.Memcached[1].Address, owners[0].MissingReports, StringComparison.Ordinal);
        var rules = await client.GetRulesAsync(TestContext.Current.CancellationToken);
        Assert.Equal((true, true, false), (rules.Current.IsKnown, rules.Servers[0].Carried.IsKnown, rules.Servers[1].Carried.IsKnown));
        Assert.False((await client.GetUsageAsync(TestContext.Current.CancellationToken)).IsKnown);
        Assert.True((await client.GetMembersAsync(TestContext.Current.CancellationToken)).IsKnown);

        fleet.ZooKeeper.Stop();
        rules = await client.GetRulesAsync(TestContext.Current.CancellationToken);
        Assert.False(rules.Registry.IsKnown);
        Assert.Equal("products,site", Names(rules.Current.Value!));
        var ensemble = await client.GetEnsembleAsync(TestContext.Current.CancellationToken);
        Assert.False(ensemble!.Subtree.IsKnown || ensemble.LastZxid.IsKnown || ensemble.TransactionsPerSecond.IsKnown);
        Assert.Contains("not reached", Assert.Single(ensemble.Servers).Status.Unknown, StringComparison.Ordinal);
        Assert.False((await client.GetMembersAsync(TestContext.Current.CancellationToken)).IsKnown);
        Assert.False((await client.GetNamespacesAsync(TestContext.Current.CancellationToken)).IsKnown);
        Assert.False((await client.GetCoTenantsAsync(TestContext.Current.CancellationToken)).IsKnown);

        fleet.Memcached[0].Kill();
        await Eventually.BecomesTrueAsync(
            async () => !(await client.GetRulesAsync()).Current.IsKnown, "nothing is known of the rules");
        var nothing = await Assert.ThrowsAsync<NearCacheException>(
            () => client.StopAsync(null, Reason, TestContext.Current.CancellationToken));
        Assert.Contains("stored nowhere", nothing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_reaches_the_processes_while_ZooKeeper_is_dead_and_ends_when_it_is_back()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await using var client = await fleet.ConnectAsync(options => options.ObeyTimeout = TimeSpan.FromMinutes(1));
        fleet.ZooKeeper.Stop();

        await Assert.ThrowsAsync<ArgumentException>(() => client.StopAsync("no such rule", Reason, TestContext.Current.CancellationToken));
        var stop = await client.StopAsync("products", Reason with { IsVerified = true }, TestContext.Current.CancellationToken);

        Assert.Equal([false, true, true], stop.Places.Select(place => place.Stored is { IsKnown: true, Value: true }));
        Assert.Equal("registry", stop.Places[0].Place);
        var obedience = stop.Obedience.Value!;
        Assert.Equal(Environment.ProcessId, Assert.Single(obedience.Obeyed).ProcessId);
        Assert.True(obedience.IsComplete);
        Assert.Contains("processes without a report are not listed", obedience.Unlisted, StringComparison.Ordinal);
        await FleetOfTests.IsNotNearAsync(process, "product:1");
        Assert.Equal((stop.Stop.Id, true), (process.Rules.Current.Stops[0].Id, process.Rules.Current.Stops[0].IsVerified));

        fleet.ZooKeeper.Restart();
        await Eventually.BecomesTrueAsync(
            async () => (await client.GetRulesAsync()).Registry is { IsKnown: true, Value.Stops.Count: 1 }, "the registry has the stop");
        var resumed = await client.ResumeAsync([stop.Stop.Id], Reason, TestContext.Current.CancellationToken);
        Assert.Empty(resumed.Rules.Stops);
        Assert.Single(resumed.Obedience.Value!.Obeyed);
        await FleetOfTests.IsNearAsync(process, "product:1");
    }

    [Fact]
    public async Task On_memcached_alone_a_stop_is_put_and_cleared_and_rules_are_those_of_the_configuration()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync(hasZooKeeper: false);
        await using var client = await fleet.ConnectAsync(hasZooKeeper: false);

        Assert.Null(await client.GetEnsembleAsync(TestContext.Current.CancellationToken));
        Assert.Contains("no ZooKeeper is configured",
            (await client.GetMembersAsync(TestContext.Current.CancellationToken)).Unknown, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<NearCacheException>(
            () => client.Rules.DisableAsync("products", Reason, TestContext.Current.CancellationToken));
        Assert.Contains("Change NearCache:Rules there", refused.Message, StringComparison.Ordinal);

        var stop = await client.StopAsync(null, Reason, TestContext.Current.CancellationToken);
        await FleetOfTests.IsNotNearAsync(process, "product:1");
        var resumed = await client.ResumeAsync([stop.Stop.Id], Reason, TestContext.Current.CancellationToken);
        Assert.Equal((2, 0), (resumed.Rules.Revision, resumed.Rules.Stops.Count));
        await FleetOfTests.IsNearAsync(process, "product:1");
        Assert.Equal(2, process.Rules.Current.Revision);
    }

    [Fact]
    public async Task A_removed_key_and_a_cleared_near_tier_are_noticed_by_every_process()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await FleetOfTests.IsNearAsync(process, "site");
        await using var client = await fleet.ConnectAsync();

        Assert.True(await client.RemoveKeyAsync("product:1", TestContext.Current.CancellationToken));
        await Eventually.BecomesTrueAsync(async () => !(await process.GetAsync<string>("product:1")).HasValue, "the key is gone");
        Assert.Equal(CacheSource.Near, (await process.GetAsync<string>("site")).Source);
        Assert.False(await client.RemoveKeyAsync("product:1", TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => client.RemoveKeyAsync("~nc:1:shop:total", TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(() => client.RemoveKeyAsync("two\r\nlines", TestContext.Current.CancellationToken));

        await FleetOfTests.IsNearAsync(process, "product:2");
        var cleared = await client.ClearNearAsync(TestContext.Current.CancellationToken);
        Assert.All(cleared, server => Assert.True(server.Stored.Value));
        await Eventually.BecomesTrueAsync(
            async () => (await process.GetAsync<string>("product:2")).Source == CacheSource.Remote, "the entry is void");
        await FleetOfTests.IsNearAsync(process, "product:2");
    }

    [Fact]
    public async Task A_read_only_client_refuses_every_operation_that_is_not_known_to_read_and_sends_no_change()
    {
        await using var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        var before = fleet.Content();
        await using var client = await fleet.ConnectAsync(options => options.ReadOnly = true);
        Assert.True(client.IsReadOnly);
        await ReadEverythingAsync(client);

        // Every method that is not in this list changes something. A new one belongs here, or must refuse.
        string[] reads =
        [
            "GetRulesAsync", "GetUsageAsync", "GetServersAsync", "GetConnectionOwnersAsync", "GetEnsembleAsync", "GetMembersAsync",
            "GetNamespacesAsync", "GetCoTenantsAsync", "FindLeftoversAsync", "GetReportsAsync", "GetReportAsync",
            "GetHotKeysAsync", "GetProposalsAsync",
            "WhyAsync", "GetSuspensionsAsync", "GetObedienceAsync", "ReadValueAsync", "ShowKey",
            "GetAsync", "WatchAsync", "WatchWritesAsync", "PreviewAsync", "Dispose", "DisposeAsync",
        ];
        (object Target, MethodInfo Method)[] writes =
        [
            .. typeof(FleetClient).GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
                .Select(method => ((object)client, method)),
            .. typeof(IRuleRegistry).GetMethods().Select(method => ((object)client.Rules, method)),
        ];
        writes = [.. writes.Where(one => !one.Method.IsSpecialName && !reads.Contains(one.Method.Name))];
        Assert.Equal(
            [
                "AddAsync", "ApplyAsync", "ChangeAsync", "CleanAsync", "ClearNearAsync", "ClearStopsAsync", "DisableAsync", "EnableAsync",
                "EndDryRunAsync", "RefreshKeyAsync", "RemoveAsync", "RemoveKeyAsync", "ResumeAsync", "ResumeAsync", "StopAsync",
                "StopAsync", "StopAsync", "UndoAsync",
            ],
            writes.Select(one => one.Method.Name).Order(StringComparer.Ordinal));
        foreach (var (target, method) in writes)
        {
            var refused = await Assert.ThrowsAsync<NearCacheException>(
                () => (Task)method.Invoke(
                    target, BindingFlags.DoNotWrapExceptions, null, [.. method.GetParameters().Select(Argument)], null)!);
            Assert.Equal(FleetClient.ReadOnlyRefusal, refused.Message);
        }

        Assert.Equal(before, fleet.Content());

        static object? Argument(ParameterInfo parameter) => parameter.Name switch
        {
            "rule" when parameter.ParameterType == typeof(RuleOptions) => new RuleOptions { Name = "a", Match = "a:*" },
            "rule" or "name" or "key" => "products",
            "change" => (Action<RuleOptions>)(_ => { }),
            "rules" => Array.Empty<RuleOptions>(),
            "reason" => Reason,
            "ids" or "stops" => new[] { "one" },
            "progress" when parameter.ParameterType == typeof(IProgress<FleetStop>) => new Progress<FleetStop>(),
            "progress" when !parameter.HasDefaultValue => new Progress<FleetObedience>(),
            _ => parameter.HasDefaultValue ? parameter.DefaultValue is null && parameter.ParameterType.IsValueType
                ? Activator.CreateInstance(parameter.ParameterType) : parameter.DefaultValue
                : Activator.CreateInstance(parameter.ParameterType),
        };
    }

    [Fact]
    public async Task Settings_without_a_server_or_with_a_mistake_are_refused_and_name_it()
    {
        var none = await Assert.ThrowsAsync<OptionsValidationException>(
            () => FleetClient.ConnectAsync(new NearCacheOptions(), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("Memcached:Servers and ZooKeeper:ConnectionString are empty", none.Message, StringComparison.Ordinal);

        var section = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["NearCache:Namespace"] = "shop",
            ["NearCache:Memcached:Server:0"] = "cache-1",
            ["NearCache:MaxStaleness"] = "soon",
        }).Build().GetSection("NearCache");
        var wrong = await Assert.ThrowsAsync<OptionsValidationException>(
            () => FleetClient.ConnectAsync(section, cancellationToken: TestContext.Current.CancellationToken));
        Assert.Contains("NearCache:MaxStaleness", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("Servers", wrong.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => FleetClient.ConnectAsync(
            new NearCacheOptions(),
            new FleetClientOptions { RequestsPerSecond = 1000 },
            cancellationToken: TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Of_many_co_tenants_all_are_counted_and_fifty_are_looked_at_once_each()
    {
        await using var fleet = new FleetOfTests();
        for (var other = 0; other < 60; other++)
        {
            fleet.ZooKeeper.SetData($"/tenant-{other:00}", []);
            fleet.ZooKeeper.SetData($"/tenant-{other:00}/secret", []);
        }

        await using var client = await fleet.ConnectAsync(options => options.ReadOnly = true);
        var from = fleet.ZooKeeper.Requests.Count;

        var tenants = (await client.GetCoTenantsAsync(TestContext.Current.CancellationToken)).Value!;

        Assert.Equal((60, EnsembleObserver.MaxCoTenants), (tenants.Count, tenants.Names.Count));
        Assert.All(tenants.Names, tenant => Assert.Equal(1, tenant.Children.Value));
        var requests = fleet.ZooKeeper.Requests.Skip(from).Where(request => request.Operation != "Ping").ToArray();
        Assert.Equal(EnsembleObserver.MaxCoTenants + 1, requests.Count(request => request.Operation == "Exists"));
        Assert.Single(requests, request => request.Operation == "GetChildren2");
        Assert.Equal(EnsembleObserver.MaxCoTenants + 2, requests.Length);
    }

    [Fact]
    public async Task Names_whose_addresses_are_servers_are_resolved_as_in_the_caches()
    {
        await using var fleet = new FleetOfTests();
        var options = fleet.Options();
        var port = fleet.Memcached[0].Port;
        options.EveryAddressIsAServer = true;
        options.Memcached.Servers.Clear();
        options.Memcached.Servers.Add($"cache:{port}");
        options.Memcached.Servers.Add($"no-such-cache:{port}");
        options.Memcached.Resolve = (name, _) => name == "cache"
            ? Task.FromResult<IPAddress[]>([IPAddress.Loopback, IPAddress.Parse("127.0.0.77")])
            : Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
        await using var client = await FleetClient.ConnectAsync(
            options, new FleetClientOptions { ReadOnly = true }, cancellationToken: TestContext.Current.CancellationToken);

        var servers = await client.GetServersAsync(TestContext.Current.CancellationToken);

        Assert.Equal(
            [($"127.0.0.1:{port}", true), ($"127.0.0.77:{port}", false), ($"no-such-cache:{port}", false)],
            servers.Select(server => (server.Name, server.Statistics.IsKnown)));
    }

    [Fact]
    public async Task The_kind_of_a_reason_tells_what_is_wrong()
    {
        await using var fleet = new FleetOfTests();
        fleet.Memcached[0].Faults.RefuseWith = FakeFaults.TooManyConnections;
        fleet.Memcached[1].Kill();
        await using var client = await fleet.ConnectAsync();

        var servers = await client.GetServersAsync(TestContext.Current.CancellationToken);
        Assert.Equal((UnknownCause.ServerFull, UnknownCause.NoAnswer), (servers[0].Statistics.Cause, servers[1].Statistics.Cause));
        var rules = await client.GetRulesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(UnknownCause.Absent, rules.Registry.Cause);
        fleet.ZooKeeper.SetData("/nearcache/shop/rules", "{ garbage"u8.ToArray());
        rules = await client.GetRulesAsync(TestContext.Current.CancellationToken);
        Assert.Equal(UnknownCause.Unreadable, rules.Registry.Cause);
        var known = Observed.Known(1);
        Assert.Equal((true, 1, UnknownCause.None), (known.IsKnown, known.Value, known.Cause));
        Assert.Throws<ArgumentException>(() => Observed.Unknown<int>("a reason", UnknownCause.None));
    }

    [Fact]
    public async Task The_connections_of_a_server_are_listed_at_most_once_in_the_interval_for_all_viewers_together()
    {
        await using var fleet = new FleetOfTests();
        var time = new ManualTime();
        await using var client = await fleet.ConnectAsync(time: time);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => client.GetConnectionOwnersAsync(TestContext.Current.CancellationToken)));
        time.Advance(TimeSpan.FromSeconds(29));
        var old = await client.GetConnectionOwnersAsync(TestContext.Current.CancellationToken);
        Assert.All(old, server => Assert.Equal(TimeSpan.FromSeconds(29), server.Age));
        Assert.All(fleet.Memcached, server => Assert.Single(server.Commands, "stats conns"));
        time.Advance(TimeSpan.FromSeconds(2));
        await client.GetConnectionOwnersAsync(TestContext.Current.CancellationToken);
        Assert.All(fleet.Memcached, server => Assert.Equal(2, server.Commands.Count(command => command == "stats conns")));
    }

    [Fact]
    public async Task Writes_are_followed_with_their_writers()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await using var client = await fleet.ConnectAsync(options => options.ReadOnly = true);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        List<FleetWrite> seen = [];
        var begun = new TaskCompletionSource();
        var following = FollowAsync();

        // Nothing tells that the first look was taken, so the key is written until it is seen.
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await process.SetAsync("product:7", "value");
                await process.SetAsync("other", "no rule covers it");
                return begun.Task.IsCompleted;
            },
            "a write is seen");
        await end.CancelAsync();
        await following;

        Assert.All(seen.Where(write => write.Key is not null), write => Assert.StartsWith("product:", write.Key, StringComparison.Ordinal));
        Assert.Contains(seen, write => write is { Key: "product:7", Segment: not null } && write.Writer.ProcessId == Environment.ProcessId);
        Assert.Equal(seen.DistinctBy(write => (write.Segment, write.Number)).Count(), seen.Count);

        async Task FollowAsync()
        {
            try
            {
                await foreach (var writes in client.WatchWritesAsync(end.Token))
                {
                    Assert.Null(writes.Problem);
                    seen.AddRange(writes.Writes);
                    if (seen.Any(write => write.Key == "product:7"))
                    {
                        begun.TrySetResult();
                    }
                }
            }
            catch (OperationCanceledException)
            {
                // The end of the test.
            }
        }
    }

    private static async Task ReadEverythingAsync(FleetClient client)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var rules = client.GetRulesAsync(cancellationToken);
        var usage = client.GetUsageAsync(cancellationToken);
        var servers = await client.GetServersAsync(cancellationToken);
        var ensemble = client.GetEnsembleAsync(cancellationToken);
        var members = client.GetMembersAsync(cancellationToken);
        var namespaces = client.GetNamespacesAsync(cancellationToken);
        var tenants = client.GetCoTenantsAsync(cancellationToken);
        var reports = client.GetReportsAsync(cancellationToken);
        var preview = client.Rules.PreviewAsync([], prune: true, cancellationToken);
        var why = client.WhyAsync("product:1", cancellationToken);
        var owners = await client.GetConnectionOwnersAsync(cancellationToken);
        Assert.Equal(servers.Select(server => server.Name), owners.Select(server => server.Server));
        Assert.All(owners, server => Assert.Null(server.Problem));
        Assert.True((await why).Item!.Exists);

        Assert.True((await rules).Current.IsKnown);
        Assert.True((await usage).IsKnown);
        Assert.True((await client.GetProposalsAsync(cancellationToken)).IsKnown);
        Assert.True((await ensemble)!.Subtree.IsKnown, (await ensemble)!.Subtree.ToString());
        Assert.True((await members).IsKnown);
        var processes = (await reports).Value!.Processes;
        Assert.NotEmpty(processes);
        Assert.True((await client.GetReportAsync(processes[0].Id, cancellationToken)).IsKnown);
        Assert.True((await namespaces).IsKnown);
        Assert.True((await tenants).IsKnown);
        Assert.Equal(2, (await preview).Changes.Count);
    }

    private static string Names(RegistrySnapshot rules) => string.Join(',', rules.Rules.Select(rule => rule.Settings.Name));
}
