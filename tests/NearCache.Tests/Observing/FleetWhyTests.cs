using System.Text;
using NearCache.Coherence.Core;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Rules;
using NearCache.TestSupport;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Observing;

/// <summary>What <see cref="FleetClient.WhyAsync"/> says of a key, without a near tier.</summary>
public sealed class FleetWhyTests
{
    private const string Key = "product:1";

    private static readonly CounterNames Names = new("shop");

    [Fact]
    public async Task A_key_that_reads_keep_near_is_said_to_be_with_its_item_and_its_writer()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await process.SetAsync(Key, "red");
        await using var client = await fleet.ConnectAsync(options => options.ReadOnly = true);
        await Eventually.BecomesTrueAsync(
            async () => await client.WhyAsync(Key) is { Misses.Count: 0, Writes: [{ Writer.ProcessId: not null }, ..] },
            "the rules have settled, and the write has a record");

        var why = await client.WhyAsync(Key, TestContext.Current.CancellationToken);

        Assert.False(why.HasNearTier);
        Assert.Empty(why.Misses);
        Assert.Null(why.Near);
        Assert.Empty(why.Unknown);
        Assert.Equal(("shop:product:1", "products", TimeSpan.Zero), (why.PhysicalKey, why.Rule!.Name, why.Rule.FillsAfter!.Value));
        Assert.True(why.Item is { Exists: true, Content: "text", Size: 3, Cas: > 0 });
        var own = await process.WhyAsync(Key, TestContext.Current.CancellationToken);
        Assert.Equal((own.Segment, own.Server!.Name, own.RuleReason), (why.Segment, why.Server!.Name, why.RuleReason));
        var writer = why.Writes[0].Writer;
        Assert.Equal((process.Parts.Writer.ToString(), Environment.ProcessId, false),
            (writer.ShortId, writer.ProcessId!.Value, writer.IsThisProcess));
        Assert.Matches(
            @"^Reads keep it near by the rule products\. The item is text, 3 bytes, .* Last written \d+ s ago by .*\(pid \d+\)",
            why.Summary);
        Assert.DoesNotContain("confirmed", why.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("heard", why.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_stops_and_items_that_prevent_it_are_named()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await process.SetAsync("order:1", "open");
        await process.SetAsync("product:null", (string?)null);
        await using var client = await fleet.ConnectAsync();
        await AreSettledAsync(client);

        var unruled = await client.WhyAsync("order:1", TestContext.Current.CancellationToken);
        Assert.Equal(NearMissCause.NoRule, Assert.Single(unruled.Misses).Cause);
        Assert.StartsWith(
            "Reads do not keep it near: no rule covers the key, of 2 in revision 1. The item is text, 4 bytes", unruled.Summary,
            StringComparison.Ordinal);
        Assert.Contains("its writers: writes of keys without a rule are not counted", unruled.Unknown);

        var gone = await client.WhyAsync("product:gone", TestContext.Current.CancellationToken);
        Assert.Equal($"Reads do not keep it near: there is no item on {gone.Server!.Name}.", gone.Summary);

        var nothing = await client.WhyAsync("product:null", TestContext.Current.CancellationToken);
        Assert.EndsWith(
            "The item is a null: reads return it as a value, and no factory runs until it ends.",
            nothing.Summary,
            StringComparison.Ordinal);

        await ExecuteAsync(
            gone.Server.Name, MetaCommand.Set(Encoding.UTF8.GetBytes(gone.PhysicalKey!), "pickled"u8.ToArray()) with { ClientFlags = 16 });
        var foreign = await client.WhyAsync("product:gone", TestContext.Current.CancellationToken);
        Assert.StartsWith(
            "Reads do not keep it near: the item belongs to another client or to a newer format (client flags 16)", foreign.Summary,
            StringComparison.Ordinal);

        var refused = await client.WhyAsync(new string('x', 300), TestContext.Current.CancellationToken);
        Assert.Equal((NearMissCause.KeyRefused, false), (Assert.Single(refused.Misses).Cause, refused.HasNearTier));
        Assert.StartsWith("Reads do not keep it near: every call refuses the key.", refused.Summary, StringComparison.Ordinal);

        await client.StopAsync("products", FleetOfTests.Reason, TestContext.Current.CancellationToken);
        var stopped = await client.WhyAsync(Key, TestContext.Current.CancellationToken);
        Assert.Equal(NearMissCause.Stopped, Assert.Single(stopped.Misses).Cause);
        Assert.StartsWith(
            "Reads do not keep it near: the rule products is stopped by Alice: a test.", stopped.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rule_that_a_server_does_not_carry_or_has_not_settled_is_named()
    {
        await using var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        await using var client = await fleet.ConnectAsync();
        var why = await client.WhyAsync("site", TestContext.Current.CancellationToken);
        var server = fleet.Memcached.Single(server => server.Address == why.Server!.Name);
        var item = server.Items[Encoding.UTF8.GetString(Names.Rules.Span)];
        Assert.True(RulesItem.TryDecode(item.Value, item.ClientFlags, out var rules, out _));
        await ExecuteAsync(server.Address, MetaCommand.Set(Names.Rules, (rules with { Settled = 0 }).Encode(), timeToLive: 0) with
        {
            ClientFlags = item.ClientFlags,
        });

        var running = (await client.WhyAsync("site", TestContext.Current.CancellationToken)).Misses[0];
        Assert.Equal(
            (NearMissCause.LeaseRunning,
                $"the lease of the rule site on {server.Address} has not ended; it takes 30 s at most: until then another process may "
                    + "write without being counted"),
            (running.Cause, running.Text));

        // No process carries the new rule to the servers.
        await client.Rules.AddAsync(
            new RuleOptions { Name = "carts", Match = "cart:*" }, FleetOfTests.Reason, TestContext.Current.CancellationToken);
        var absent = await client.WhyAsync("cart:1", TestContext.Current.CancellationToken);
        Assert.Equal(NearMissCause.LeaseRunning, absent.Misses[0].Cause);
        Assert.Equal($"{absent.Server!.Name} does not carry the rule carts yet", absent.Misses[0].Text);
    }

    [Fact]
    public async Task A_suspended_rule_and_settings_that_differ_from_those_of_the_processes_are_noted()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        var circuit = new RuleCircuit("products", 1, ChurnBreakerState.Open, 1, [DateTimeOffset.UtcNow], "web-1", "30 writes/s");
        foreach (var server in fleet.Memcached)
        {
            await ExecuteAsync(server.Address, MetaCommand.Set(Names.Churn, CircuitsFormat.Write([circuit]), timeToLive: 0));
        }

        await using (var client = await fleet.ConnectAsync())
        {
            var suspended = await client.WhyAsync(Key, TestContext.Current.CancellationToken);
            Assert.Equal(ChurnBreakerState.Open, suspended.Rule!.ChurnBreaker);
            Assert.Contains(
                "The churn breaker has suspended the announcements of the rule products (web-1: 30 writes/s)", suspended.Summary,
                StringComparison.Ordinal);
        }

        await Eventually.BecomesTrueAsync(
            async () => (await process.GetReportsAsync()).Processes is [{ Summary.RulesRevision: 1 }],
            "the process has reported its rules");
        var options = fleet.Options();
        options.KeyPrefix = "other:";
        options.Memcached.Distribution = MemcachedDistribution.Rendezvous;
        await using var different = await FleetClient.ConnectAsync(
            options,
            new FleetClientOptions { Timeout = TimeSpan.FromMinutes(1) },
            cancellationToken: TestContext.Current.CancellationToken);
        var notes = (await different.WhyAsync(Key, TestContext.Current.CancellationToken)).Notes;
        Assert.Contains(
            "The servers hold another KeyPrefix for the namespace than the settings of this client, so processes mean another item",
            notes);
        Assert.Contains(notes, note => note.StartsWith("1 (", StringComparison.Ordinal)
            && note.Contains("of 1 processes have other memcached servers, weights or another distribution", StringComparison.Ordinal));
        var refused = await Assert.ThrowsAsync<NearCacheException>(
            () => different.RemoveKeyAsync(Key, TestContext.Current.CancellationToken));
        Assert.Contains("another KeyPrefix", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_dead_servers_would_tell_is_unknown()
    {
        await using var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        await using var client = await fleet.ConnectAsync();
        var owner = (await client.WhyAsync(Key, TestContext.Current.CancellationToken)).Server!.Name;
        fleet.Memcached.Single(server => server.Address == owner).Kill();
        await Eventually.BecomesTrueAsync(
            async () => (await client.WhyAsync(Key)).Server!.Problem is not null, "the dead server is noticed");

        var down = await client.WhyAsync(Key, TestContext.Current.CancellationToken);
        Assert.Equal(NearMissCause.ServerDown, Assert.Single(down.Misses).Cause);
        Assert.Null(down.Item);
        Assert.Contains("the item and its writers: the server did not answer", down.Unknown);

        fleet.ZooKeeper.Stop();
        fleet.Memcached.Single(server => server.Address != owner).Kill();
        await Eventually.BecomesTrueAsync(
            async () => (await client.WhyAsync(Key)).Misses is [{ Cause: NearMissCause.RulesUnknown }], "nothing is known of the rules");
        var dark = await client.WhyAsync(Key, TestContext.Current.CancellationToken);
        Assert.StartsWith("It is not known whether reads keep it near: the rules are not known: ", dark.Summary, StringComparison.Ordinal);
        Assert.Contains(dark.Unknown, one => one.StartsWith("the prefix of the namespace's keys", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_memcached_there_is_no_server_to_ask()
    {
        await using var fleet = new FleetOfTests();
        var options = new NearCacheOptions { Namespace = "shop" };
        options.ZooKeeper.ConnectionString = fleet.ZooKeeper.ConnectionString;
        await using var client = await FleetClient.ConnectAsync(options, cancellationToken: TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<NearCacheException>(() => client.WhyAsync(Key, TestContext.Current.CancellationToken));
        Assert.Contains("no memcached server is configured (Memcached:Servers)", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await client.GetConnectionOwnersAsync(TestContext.Current.CancellationToken));
    }

    private static async Task AreSettledAsync(FleetClient client) => await Eventually.BecomesTrueAsync(
        async () => (await client.GetRulesAsync()).Servers.All(server => server.Carried.Value?.SettledRevision == 1)
            && (await client.GetReportsAsync()).Value!.Processes.All(process => process.Summary?.RulesRevision == 1),
        "the rules have settled on every server, and are reported");

    private static async Task ExecuteAsync(string server, MetaCommand command)
    {
        await using var admin = new MemcachedClient(new MemcachedOptions { Servers = [server] });
        Assert.Equal(MetaStatus.Ok, (await admin.Servers[0].ExecuteAsync(command, CancellationToken.None)).Status);
    }
}
