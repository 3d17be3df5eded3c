using System.Collections.Concurrent;
using NearCache.TestSupport;

namespace NearCache.Tests.Observing;

/// <summary>
/// A stop while places hang: it is stored by every place that answers, before the others. The clock of the client stands still, so that
/// what waits for a silent place waits for ever. So it is disposed without waiting.
/// </summary>
public sealed class FleetStopsTests
{
    private readonly ManualTime _time = new();
    private readonly Seen _seen = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_place_that_answers_has_the_stop_while_others_hang_and_the_budget_is_used_up()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        fleet.ZooKeeper.Freeze();
        fleet.Memcached[1].Faults.IsSilent = true;
        using var client = await fleet.ConnectAsync(options => options.RequestsPerSecond = 1, time: _time);
        var reading = Enumerable.Range(0, 20).Select(_ => client.GetUsageAsync(Token)).ToArray();

        var stopping = client.StopAsync("products", FleetOfTests.Reason, _seen, Token);

        await Eventually.BecomesTrueAsync(() => _seen.IsStoredBy(fleet.Memcached[0].Address), "the server that answers has the stop");
        await Eventually.BecomesTrueAsync(() => process.Rules.Current.Stops.Count == 1, "the process knows the stop");
        Assert.False(stopping.IsCompleted);
        var stop = await TurnAsync(stopping);
        Assert.Equal([false, true, false], stop.Places.Select(place => place.Stored is { IsKnown: true, Value: true }));
        await TurnAsync(Task.WhenAll(reading));
    }

    [Fact]
    public async Task The_registry_has_the_stop_while_all_servers_hang()
    {
        await using var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        Array.ForEach(fleet.Memcached, server => server.Faults.IsSilent = true);
        using var client = await fleet.ConnectAsync(time: _time);

        var stopping = client.StopAsync("products", FleetOfTests.Reason, _seen, Token);

        await Eventually.BecomesTrueAsync(() => _seen.IsStoredBy("registry"), "the registry has the stop");
        Assert.False(stopping.IsCompleted);
        await TurnAsync(stopping);
    }

    [Fact]
    public async Task A_rule_that_was_added_since_is_stopped_when_the_first_place_shows_it()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();

        // Its clock does not stand still, so that its budget outlasts any number of looks.
        using var watcher = await fleet.ConnectAsync();
        await process.Rules.AddAsync(new RuleOptions { Name = "late", Match = "late:*" }, FleetOfTests.Reason, Token);
        await Eventually.BecomesTrueAsync(
            async () => (await watcher.GetRulesAsync(Token)).Servers.All(server => server.Carried.Value?.Revision == 2),
            "the servers carry it");
        using var other = await fleet.ConnectAsync(time: _time);
        await process.Rules.AddAsync(new RuleOptions { Name = "later", Match = "later:*" }, FleetOfTests.Reason, Token);
        await Eventually.BecomesTrueAsync(
            async () => (await watcher.GetRulesAsync(Token)).Servers.All(server => server.Carried.Value?.Revision == 3),
            "the servers carry it");
        fleet.ZooKeeper.Freeze();
        fleet.Memcached[1].Faults.IsSilent = true;

        var stopping = other.StopAsync("later", FleetOfTests.Reason, _seen, Token);

        await Eventually.BecomesTrueAsync(() => _seen.IsStoredBy(fleet.Memcached[0].Address), "the server that answers has the stop");
        Assert.False(stopping.IsCompleted);
        await TurnAsync(stopping);
        var unknown = await Assert.ThrowsAsync<ArgumentException>(
            () => TurnAsync(other.StopAsync("no such rule", FleetOfTests.Reason, _seen, Token)));
        Assert.Contains("in revision 3 of the rules, which the memcached servers carry. The registry may be newer: ", unknown.Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_end_of_a_stop_that_needs_ZooKeeper_says_what_is_known_of_the_stop()
    {
        await using var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        fleet.ZooKeeper.Freeze();
        using var client = await fleet.ConnectAsync(time: _time);

        Assert.Contains("No memcached server that answers has a stop \"7f3c\", or any other. Ending", await FailureAsync("7f3c"),
            StringComparison.Ordinal);
        var stop = await TurnAsync(client.StopAsync("products", FleetOfTests.Reason, Token));
        Assert.Contains($"has a stop \"7f3c\"; there are: {stop.Stop.Id}. Ending", await FailureAsync("7f3c"), StringComparison.Ordinal);
        Assert.StartsWith("The stop is still in force. Ending a stop is an edit of the registry, which needs ZooKeeper: ",
            await FailureAsync(stop.Stop.Id), StringComparison.Ordinal);

        async Task<string> FailureAsync(string id) => (await Assert.ThrowsAsync<NearCacheException>(
            () => TurnAsync(client.ResumeAsync([id], FleetOfTests.Reason, Token)))).Message;
    }

    [Fact]
    public async Task A_dry_run_is_promoted_by_a_client_that_has_just_connected()
    {
        await using var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await process.Rules.AddAsync(new RuleOptions { Name = "tried", Match = "tried:*", DryRun = true, Enabled = false },
            FleetOfTests.Reason, Token);
        await Eventually.BecomesTrueAsync(
            () => process.Rules.Current.Revision == 2, "the process knows the rule");

        // By the clock of the client that is long ago. The history says so; what a server tells first does not.
        using var client = await fleet.ConnectAsync(time: _time);
        var promoted = await client.Rules.EndDryRunAsync("tried", 10, FleetOfTests.Reason, Token);

        Assert.True(promoted.Rules.Single(rule => rule.Settings.Name == "tried").Settings.Enabled);
    }

    private async Task<T> TurnAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await PoolTurns.PassAsync();
        }

        return await task;
    }

    private sealed class Seen : IProgress<FleetStop>
    {
        private readonly ConcurrentQueue<FleetStop> _all = [];

        public bool IsStoredBy(string place) => _all.Any(
            stop => stop.Places.Any(one => one.Place == place && one.Stored is { IsKnown: true, Value: true }));

        public void Report(FleetStop value) => _all.Enqueue(value);
    }
}
