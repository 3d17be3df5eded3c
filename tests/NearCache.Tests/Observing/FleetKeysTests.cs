using System.Text;
using NearCache.TestSupport;

namespace NearCache.Tests.Observing;

/// <summary>What a client that runs no cache reads and does with single keys, stops and suspensions, on fake servers.</summary>
public sealed class FleetKeysTests
{
    [Fact]
    public async Task A_refreshed_key_is_dropped_everywhere_and_its_item_stays()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await using var client = await fleet.ConnectAsync();
        var server = fleet.Memcached.Single(server => server.Items.ContainsKey("shop:product:1"));
        var cas = server.Items["shop:product:1"].Cas;

        await client.RefreshKeyAsync("product:1", TestContext.Current.CancellationToken);

        await Eventually.BecomesTrueAsync(
            async () => (await process.GetAsync<string>("product:1")).Source == CacheSource.Remote, "the entry is dropped");
        Assert.Equal(cas, server.Items["shop:product:1"].Cas);

        // Only the key: its segment was not flushed, because the log record names it.
        Assert.Contains(server.Items.Keys, key => key.StartsWith("~nc:1:shop:log:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_value_is_read_as_it_is_stored_and_decompressed()
    {
        await using var fleet = new FleetOfTests();
        await using var client = await fleet.ConnectAsync();
        var large = new string('a', 10_000);
        var options = fleet.Options();
        options.Compression = ValueCompression.Brotli;
        await using (var process = new NearCacheClient(options))
        {
            await process.SetAsync("product:long", large);
            await process.SetAsync("product:short", "ä");
        }

        var found = await client.ReadValueAsync("product:long", TestContext.Current.CancellationToken);
        Assert.True(found.Exists);
        Assert.Equal(large, Encoding.UTF8.GetString(found.Bytes.Span));
        Assert.Equal("ä", Encoding.UTF8.GetString(
            (await client.ReadValueAsync("product:short", TestContext.Current.CancellationToken)).Bytes.Span));
        var none = await client.ReadValueAsync("product:none", TestContext.Current.CancellationToken);
        Assert.Equal((false, 0), (none.Exists, none.Bytes.Length));
        await Assert.ThrowsAsync<ArgumentException>(
            () => client.ReadValueAsync("two words", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Keys_are_shown_as_the_settings_say()
    {
        await using var fleet = new FleetOfTests();
        await using var client = await fleet.ConnectAsync();

        Assert.Equal("#zf0htAI-C5Fp", client.ShowKey("product:4711"));
        Assert.Equal("shop", client.Settings.Namespace);
    }

    [Fact]
    public async Task Suspended_rules_are_read_with_the_process_and_the_rate()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await process.Rules.ChangeAsync("products", rule => rule.MaxWritesPerSecond = 1, FleetOfTests.Reason);
        await using var client = await fleet.ConnectAsync();
        Assert.Empty((await client.GetSuspensionsAsync(TestContext.Current.CancellationToken)).Value!);

        Observed<IReadOnlyList<RuleSuspension>> suspended = null!;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                await process.SetAsync("product:1", "changed");
                return (suspended = await client.GetSuspensionsAsync(TestContext.Current.CancellationToken)).Value is { Count: 1 };
            },
            "the churn breaker has tripped");

        var suspension = suspended.Value![0];
        Assert.Equal(("products", ChurnBreakerState.Open, 1), (suspension.Rule, suspension.State, suspension.Trips.Count));
        Assert.Contains("times a second", suspension.Why, StringComparison.Ordinal);
        Assert.Contains(Environment.MachineName, suspension.Who, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Obedience_is_asked_for_by_the_id_of_a_stop()
    {
        await using var fleet = new FleetOfTests();
        await fleet.StartAsync();
        await using var client = await fleet.ConnectAsync();
        var stop = await client.StopAsync("products", FleetOfTests.Reason, TestContext.Current.CancellationToken);

        Observed<FleetObedience> obedience = null!;
        await Eventually.BecomesTrueAsync(
            async () => (obedience = await client.GetObedienceAsync(stop.Stop.Id)).Value is { IsComplete: true, Obeyed.Count: > 0 },
            "the process reports that it has obeyed");
        Assert.Single(obedience.Value!.Obeyed);
        var other = await client.GetObedienceAsync("another", TestContext.Current.CancellationToken);
        Assert.Single(other.Value!.NotYet);
    }
}
