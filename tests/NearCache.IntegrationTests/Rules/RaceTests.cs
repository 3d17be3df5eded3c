using System.Diagnostics;
using NearCache.TestSupport;

namespace NearCache.IntegrationTests.Rules;

/// <summary>
/// A rule is added and removed while one process learns of it late, only through memcached, or not at all because it is paused: no near
/// hit is staler than promised.
/// </summary>
/// <remarks>The same sequences run through every interleaving of the core in <c>RuleModelTests</c>.</remarks>
public sealed class RaceTests(ITestOutputHelper output) : IAsyncLifetime
{
    private static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(3);

    // The near tier's clock ticks every few milliseconds.
    private static readonly TimeSpan Grain = TimeSpan.FromMilliseconds(50);
    private RuleFleet _fleet = null!;
    private FaultProxy _way = null!;
    private CacheProcess _writer = null!;

    private NearCacheClient Reader => _fleet.Caches[0];

    public async ValueTask InitializeAsync()
    {
        _fleet = await RuleFleet.StartAsync(caches: 1, configure: options => options.MaxStaleness = MaxStaleness);
        _way = FaultProxy.Start(_fleet.ZooKeeper.Port);
        _writer = await CacheProcess.StartNewAsync(_fleet.Memcached, _way.Address);
        await _writer.ServeNearAsync("product:1");
        await Eventually.BecomesTrueAsync(() => RuleFleet.IsNearAsync(Reader, "product:1"), "the reader serves near");
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _way.DisposeAsync();
        await _fleet.DisposeAsync();
    }

    [Fact]
    public async Task A_writer_that_is_cut_from_ZooKeeper_learns_a_rule_through_memcached_and_counts_for_it()
    {
        await CutAsync();
        await AddMenusAsync();

        await WriteAndSeeAsync("menu:1");
        await Eventually.BecomesTrueAsync(async () => await _writer.AskAsync("revision") == "2", "the writer knows the rule");
    }

    [Fact]
    public async Task A_writer_that_stood_still_while_a_rule_came_counts_its_first_write()
    {
        _writer.Pause();
        await AddMenusAsync();

        // The process has the command before any news can reach it.
        var order = await _writer.TellAsync("set menu:1 new");
        _writer.Resume();

        await SeeAsync("menu:1", order);
    }

    [Fact]
    public async Task A_writer_that_learns_a_rule_late_counts_every_write_of_the_time_between()
    {
        await Reader.SetAsync("menu:1", "old");
        var added = Reader.Rules.AddAsync(new RuleOptions { Name = "menus", Match = "menu:*" }, RuleFleet.Reason);

        // Disconnected during the edit: an audit reveals it within a second.
        _way.Hold();
        await added;
        var orders = new List<int>();
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                orders.Add(await _writer.TellAsync($"set menu:1 write{orders.Count}"));
                await _writer.AnswerAsync(orders[^1]);
                return (await Reader.GetAsync<string>("menu:1")).Source == CacheSource.Near;
            },
            "the reader keeps it near between two writes");

        await WriteAndSeeAsync("menu:1");
    }

    [Fact]
    public async Task A_reader_that_is_cut_from_ZooKeeper_or_stood_still_serves_nothing_by_a_rule_that_is_gone()
    {
        await CutAsync();
        var gone = await _writer.TellAsync("gone product:1");
        await _writer.AnswerAsync(gone, "watching");
        var removed = Stopwatch.GetTimestamp();
        await Reader.Rules.RemoveAsync("products", RuleFleet.Reason);
        var took = Stopwatch.GetElapsedTime(removed, CacheProcess.Time(await _writer.AnswerAsync(gone, "gone")));
        output.WriteLine($"[FIGURE] a rule was removed; a process without ZooKeeper had let it go after {took.TotalMilliseconds:0} ms");

        // // The process is paused with an entry of the other rule while that rule is removed, and resumes when no process needs to count
        // any more.
        _way.Resume();
        await _writer.ServeNearAsync("site");
        _writer.Pause();
        await Reader.Rules.RemoveAsync("site", RuleFleet.Reason);
        await Reader.SetAsync("site", "new");
        await Task.Delay((2 * MaxStaleness) + TimeSpan.FromSeconds(1), TimeProvider.System);
        var near = await _writer.TellAsync("near site");
        _writer.Resume();
        Assert.Equal("False", await _writer.AnswerAsync(near));
    }

    private async Task CutAsync()
    {
        _way.Hold();
        await Eventually.BecomesTrueAsync(async () => await _writer.AskAsync("zookeeper") != "Connected", "the writer has lost ZooKeeper");
    }

    private async Task AddMenusAsync()
    {
        await Reader.SetAsync("menu:1", "old");
        await Reader.Rules.AddAsync(new RuleOptions { Name = "menus", Match = "menu:*" }, RuleFleet.Reason);
        await Eventually.BecomesTrueAsync(() => RuleFleet.IsNearAsync(Reader, "menu:1"), "the reader serves by the new rule");
    }

    private async Task WriteAndSeeAsync(string key) => await SeeAsync(key, await _writer.TellAsync($"set {key} new"));

    // No read that begins later than the bound after the write is a near hit with the old value; one is a near hit with the new value.
    private async Task SeeAsync(string key, int order)
    {
        var done = CacheProcess.Time(await _writer.AnswerAsync(order));
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                var called = Stopwatch.GetTimestamp();
                var seen = await Reader.GetAsync<string>(key);
                var isOld = seen is { Source: CacheSource.Near, Value: not "new" };
                Assert.False(
                    isOld && Stopwatch.GetElapsedTime(done, called) > MaxStaleness + Grain,
                    $"{seen.Value} was served near too long after the write");
                return seen is { Value: "new", Source: CacheSource.Near };
            },
            "the reader has the new value near");
    }
}
