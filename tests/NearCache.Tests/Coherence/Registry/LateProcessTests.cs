using NearCache.Rules;
using NearCache.Tests.Sequences;

namespace NearCache.Tests.Coherence.Registry;

/// <summary>A process that has not yet heard what another process did a moment ago.</summary>
public sealed class LateProcessTests
{
    private static readonly EditReason Reason = new() { Who = "Alice", Why = "a test" };

    private readonly RegistryOfTests _registry = new(new RuleOptions { Name = "a", Match = "a:*" });

    [Fact]
    public async Task It_clears_a_stop_that_only_a_server_has_and_an_undo_puts_it_again()
    {
        var stop = Stop.Now("a", "Bob", "wrong prices", _registry.Time.GetUtcNow());
        _registry.Carried = StopSet.Of([stop]);
        var process = _registry.Process();

        var cleared = await _registry.RunAsync(process.ClearStopsAsync([stop.Id], Reason));

        Assert.Empty(cleared.Stops);
        Assert.Equal(stop.Id, Assert.Single(cleared.History[0].ClearedStops).Id);
        Assert.Equal("Bob", Assert.Single((await _registry.RunAsync(process.UndoAsync(cleared.Revision, Reason))).Stops).Who);
    }

    [Fact]
    public async Task It_refuses_a_stop_that_does_not_exist_and_does_not_when_a_server_is_silent()
    {
        var process = _registry.Process();
        var refused = await Assert.ThrowsAsync<RuleRefusedException>(() => _registry.RunAsync(process.ClearStopsAsync(["4711"], Reason)));
        Assert.Equal("There is no stop \"4711\"; there are: .", refused.Message);

        _registry.SilentServers.Add("cache-2:11211");
        var failed = await Assert.ThrowsAsync<NearCacheException>(() => _registry.RunAsync(process.ClearStopsAsync(["4711"], Reason)));
        Assert.True(failed.IsTransient);
        Assert.EndsWith("cache-2:11211 did not reply and may have it: try again.", failed.Message, StringComparison.Ordinal);
        Assert.Equal(1, _registry.Document.Set.Revision);
    }

    [Fact]
    public async Task It_stops_a_rule_that_another_process_has_just_added()
    {
        var (one, late) = (_registry.Process(), _registry.Process());
        await _registry.RunAsync(one.AddAsync(new RuleOptions { Name = "b", Match = "b:*" }, Reason));

        Assert.Equal("b", (await late.StopAsync("b", Reason, TestContext.Current.CancellationToken)).Rule);
        await Assert.ThrowsAsync<ArgumentException>(() => late.StopAsync("c", Reason));

        _registry.CannotRead = "ZooKeeper is away.";
        var failed = await Assert.ThrowsAsync<NearCacheException>(() => _registry.Process().StopAsync("b", Reason));
        Assert.True(failed.IsTransient);
        Assert.StartsWith("Nothing is stopped: ", failed.Message, StringComparison.Ordinal);
        Assert.EndsWith("ZooKeeper is away.", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Before_its_next_audit_it_clears_a_stop_that_another_process_put_on_a_server()
    {
        await using var fleet = await Fleet.StartAsync();
        var stop = await fleet.Here.Rules.StopAsync("products", Reason, TestContext.Current.CancellationToken);

        // The clock of the other process stands still, so that it has read nothing since.
        var cleared = await fleet.There.Rules.ClearStopsAsync([stop.Id], Reason, TestContext.Current.CancellationToken);

        Assert.Empty(cleared.Stops);
        await fleet.TurnUntilAsync(() => Task.FromResult(fleet.Here.Rules.Current.Stops.Count == 0));
    }
}
