using System.Diagnostics;
using Microsoft.Extensions.Caching.Distributed;
using Microsoft.Extensions.Caching.Memory;
using NearCache.Composition;
using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Tests.Sequences;

/// <summary>
/// The churn breaker of two processes over another remote, where nothing is shared but the registry: from the first write too many until
/// the rule is on again by itself.
/// </summary>
public sealed class OtherRemoteChurnTests : IAsyncLifetime
{
    // Confirmations are a second apart, and one may be in flight.
    private static readonly TimeSpan KeepsUpWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMilliseconds(200);
    private readonly ManualTime _time = new();
    private readonly FakeZooKeeper _zooKeeper;
    private readonly MemoryDistributedCache _remote = new(Microsoft.Extensions.Options.Options.Create(new MemoryDistributedCacheOptions()));
    private NearCacheClient _writer = null!;
    private NearCacheClient _other = null!;

    public OtherRemoteChurnTests() => _zooKeeper = FakeZooKeeper.Start(_time);

    public async ValueTask InitializeAsync()
    {
        (_writer, _other) = (Join(), Join());
        await UntilAsync(
            () =>
                _writer.Rules.Current.Rules.Count > 0
                    && _other.Rules.Current.Rules.Count > 0
                    && _writer.Snapshot().ZooKeeper == "Connected"
                    && _other.Snapshot().ZooKeeper == "Connected");
        await PassAsync(seconds: 5);
    }

    public async ValueTask DisposeAsync()
    {
        await TurnedAsync(_writer.DisposeAsync().AsTask());
        await TurnedAsync(_other.DisposeAsync().AsTask());
        await _zooKeeper.DisposeAsync();
    }

    [Fact]
    public async Task A_trip_is_a_stop_that_ends_all_announcements_and_heals_by_an_edit_when_the_rule_was_quiet()
    {
        await WriteUntilAsync(() => AreStopped);
        var stop = Assert.Single(_other.Rules.Current.Stops);
        Assert.StartsWith("churn breaker of ", stop.Who, StringComparison.Ordinal);
        var announcedBefore = -1L;
        await WriteUntilAsync(() => announcedBefore == (announcedBefore = Announced));

        await UntilAsync(() => AreOn);
        Assert.True(_time.GetUtcNow() - stop.When >= TimeSpan.FromMinutes(1), "It heals after a quiet minute at the soonest.");
        Assert.Equal("products: its keys have been quiet", _other.Rules.Current.History[^1].Why);

        // Near and announcing are as before.
        await TurnedAsync(_writer.SetAsync("product:1", "value"));
        await UntilAsync(async () => (await _other.GetAsync<string>("product:1")).Source == CacheSource.Near);
        var announced = Announced;
        await TurnedAsync(_writer.SetAsync("product:1", "changed"));
        Assert.Equal(announced + 1, Announced);
        await UntilAsync(async () => await _other.GetAsync<string>("product:1") is { Source: CacheSource.Near, Value: "changed" });
    }

    [Fact]
    public async Task While_one_process_goes_on_the_rule_is_stopped_again_after_each_healing_for_longer_each_time_and_the_fifth_stop_stays()
    {
        List<int> minutes = [];
        await WriteUntilAsync(() => AreStopped);
        while (minutes.Count < 4)
        {
            var (stop, from) = (Assert.Single(_writer.Rules.Current.Stops).Id, _time.GetUtcNow());
            await WriteUntilAsync(() => AreStopped && Assert.Single(_writer.Rules.Current.Stops).Id != stop);
            minutes.Add((int)(_time.GetUtcNow() - from).TotalMinutes);
        }

        // A pause that doubles. On a busy machine the clock runs ahead of what the processes do, and they look later.
        int[] pauses = [1, 2, 4, 8];
        Assert.All(minutes.Zip(pauses), pair => Assert.True(pair.First >= pair.Second, $"{string.Join(", ", minutes)} minutes"));
        Assert.EndsWith("; that was trip 5 within an hour", Assert.Single(_other.Rules.Current.Stops).Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_stop_of_a_rule_that_was_removed_meanwhile_ends_too()
    {
        await WriteUntilAsync(() => AreStopped);
        await TurnedAsync(
            _other.Rules.RemoveAsync(
                "products", new EditReason { Who = "Alice", Why = "a mistake" }, TestContext.Current.CancellationToken));
        await UntilAsync(() => AreOn);
    }

    private long Announced => _writer.Snapshot().Rules.Single(rule => rule.Name == "products").Announcements;

    private bool AreStopped => _writer.Rules.Current.Stops.Count > 0 && _other.Rules.Current.Stops.Count > 0;

    private bool AreOn => _writer.Rules.Current.Stops.Count == 0 && _other.Rules.Current.Stops.Count == 0;

    private NearCacheClient Join() => new(
        new NearCacheOptions
        {
            DistributedCache = _remote,
            MaxStaleness = TimeSpan.FromSeconds(10),
            ZooKeeper = { ConnectionString = _zooKeeper.ConnectionString, SessionTimeout = TimeSpan.FromMinutes(1) },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        },
        new ClientPools(null, null, _time),
        null,
        null,
        _time);

    private async Task WriteUntilAsync(Func<bool> condition)
    {
        for (var second = 0; !condition(); second++)
        {
            Assert.True(second < 3600, "Nothing happened in an hour of manual time.");
            for (var i = 0; i < 21; i++)
            {
                await TurnedAsync(_writer.SetAsync($"product:written-{i}", "value"));
            }

            await PassAsync(seconds: 1);
        }
    }

    private Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var second = 0; !await condition(); second++)
        {
            Assert.True(second < 3600, "Nothing happened in an hour of manual time.");
            await PassAsync(seconds: 1);
        }
    }

    // What is not done after a second of the machine may wait for the clock: for its turn at the ensemble, or to try again.
    private async Task TurnedAsync(Task task)
    {
        while (await Task.WhenAny(task, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System)) != task)
        {
            await PassAsync(seconds: 1);
        }

        await task;
    }

    // The clock waits for the processes, whose requests go through sockets: the next second begins when both are confirmed by a recent one.
    // A process that waits for the clock itself, to connect or to retry, cannot be; after a while the clock goes on.
    private async Task PassAsync(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            var turned = Stopwatch.GetTimestamp();
            while (!(HasKeptUp(_writer) && HasKeptUp(_other)) && Stopwatch.GetElapsedTime(turned) < LongestWait)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            }
        }
    }

    private static bool HasKeptUp(NearCacheClient process) =>
        process.Snapshot() is { ZooKeeper: "Connected", Servers: var servers }
            && servers.All(server => server.ConfirmedBefore < KeepsUpWithin);
}
