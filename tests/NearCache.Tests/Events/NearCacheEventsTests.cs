using System.Collections.Concurrent;
using NearCache.TestSupport;
using NearCache.Tests.Observing;

namespace NearCache.Tests.Events;

public sealed class NearCacheEventsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_write_of_a_key_with_a_rule_is_told_here_and_in_other_processes()
    {
        await using var fleet = new FleetOfTests();
        var (here, there) = (await fleet.StartAsync(), await fleet.StartAsync());
        var (own, others) = (Record(here), Record(there));

        await here.SetAsync("product:1", "new", cancellationToken: Token);
        await here.SetAsync("basket:1", "new", cancellationToken: Token);

        await Eventually.BecomesTrueAsync(
            () => own.Any(one => one.Key is not null) && others.Any(one => one.Key is not null), "both processes are told");
        var written = own.Single(one => one.Key is not null);
        Assert.Equal(
            ("product:1", "products", InvalidationCause.Written, here.Parts.Writer.ToString()),
            (written.Key, written.Rule, written.Cause, written.Writer));
        var heard = others.First(one => one.Key is not null);
        Assert.Equal(("product:1", "products"), (heard.Key, heard.Rule));
        Assert.True(heard is { Cause: InvalidationCause.Announced, Writer: null }
            or { Cause: InvalidationCause.Audited, Writer: not null });
        Assert.Equal((0, 0), (here.Events.Dropped, there.Events.Dropped));
    }

    [Fact]
    public async Task Without_ZooKeeper_an_audit_names_the_writer()
    {
        await using var fleet = new FleetOfTests();
        var (here, there) = (await fleet.StartAsync(hasZooKeeper: false), await fleet.StartAsync(hasZooKeeper: false));
        var others = Record(there);

        await here.SetAsync("product:1", "new", cancellationToken: Token);

        await Eventually.BecomesTrueAsync(() => others.Any(one => one.Key == "product:1"), "the other process is told");
        var heard = others.First(one => one.Key == "product:1");
        Assert.Equal((InvalidationCause.Audited, here.Parts.Writer.ToString()), (heard.Cause, heard.Writer));
    }

    [Fact]
    public async Task A_change_of_the_rules_and_a_stop_are_told_with_their_authors()
    {
        await using var fleet = new FleetOfTests();
        var (here, there) = (await fleet.StartAsync(), await fleet.StartAsync());
        var changes = new ConcurrentQueue<RulesChangedEventArgs>();
        var stops = new ConcurrentQueue<RuleStoppedEventArgs>();
        there.Events.RulesChanged += (_, change) => changes.Enqueue(change);
        there.Events.Stopped += (_, stop) => stops.Enqueue(stop);

        await here.Rules.AddAsync(new RuleOptions { Name = "prices", Match = "price:*" }, FleetOfTests.Reason, Token);
        await here.Rules.StopAsync("products", FleetOfTests.Reason, Token);

        await Eventually.BecomesTrueAsync(() => !changes.IsEmpty && !stops.IsEmpty, "both are told");
        var change = changes.First();
        Assert.DoesNotContain(change.Before.Rules, rule => rule.Settings.Name == "prices");
        Assert.Contains(change.Now.Rules, rule => rule.Settings.Name == "prices");
        await Eventually.BecomesTrueAsync(
            () => there.Rules.Current.History.Any(edit => (edit.Revision, edit.Who) == (change.Now.Revision, "Alice")),
            "the registry is delivered, with the author");
        Assert.Equal(("products", "Alice"), (stops.Single().Stop.Rule, stops.Single().Stop.Who));
    }

    [Fact]
    public async Task A_handler_that_never_returns_delays_no_write_and_further_events_are_dropped_and_counted()
    {
        await using var fleet = new FleetOfTests();
        var cache = await fleet.StartAsync();
        using var end = new ManualResetEventSlim();
        using var began = new ManualResetEventSlim();
        cache.Events.Invalidated += (_, _) =>
        {
            began.Set();
            end.Wait(Token);
        };

        try
        {
            for (var i = 0; i < 1200; i++)
            {
                await cache.SetAsync($"product:{i % 10}", "new", cancellationToken: Token);
            }

            Assert.True(began.Wait(TimeSpan.FromMinutes(1), Token));
            Assert.InRange(cache.Events.Dropped, 1200 - 1024 - 2, 1200 - 1024);
            await FleetOfTests.IsNearAsync(cache, "product:1");
            await cache.DisposeAsync();
        }
        finally
        {
            end.Set();
        }
    }

    [Fact]
    public async Task A_handler_that_throws_stops_neither_the_others_nor_later_events()
    {
        await using var fleet = new FleetOfTests();
        var cache = await fleet.StartAsync();
        cache.Events.Invalidated += (_, _) => throw new InvalidOperationException("a test");
        var told = Record(cache);

        await cache.SetAsync("product:1", "new", cancellationToken: Token);
        await cache.SetAsync("product:2", "new", cancellationToken: Token);

        await Eventually.BecomesTrueAsync(
            () => told.Select(one => one.Key).OfType<string>().Distinct().Count() == 2, "both writes are told");
    }

    [Fact]
    public async Task A_handler_may_use_the_cache_write_keys_and_unsubscribe_itself()
    {
        await using var fleet = new FleetOfTests();
        var cache = await fleet.StartAsync();
        var told = Record(cache);
        var calls = 0;
        void Handle(object? sender, KeyInvalidatedEventArgs invalidated)
        {
            // It blocks, as handlers should not, and its own write is told in turn.
            cache.Events.Invalidated -= Handle;
            calls++;
            cache.GetAsync<string>(invalidated.Key!, Token).AsTask().GetAwaiter().GetResult();
            cache.SetAsync("product:2", "by the handler", cancellationToken: Token).GetAwaiter().GetResult();
        }

        cache.Events.Invalidated += Handle;
        await cache.SetAsync("product:1", "new", cancellationToken: Token);
        await Eventually.BecomesTrueAsync(() => told.Any(one => one.Key == "product:2"), "the write of the handler is told");
        await cache.SetAsync("product:3", "new", cancellationToken: Token);

        await Eventually.BecomesTrueAsync(() => told.Any(one => one.Key == "product:3"), "later writes are told");
        Assert.Equal((1, 0), (calls, cache.Events.Dropped));
    }

    [Fact]
    public async Task A_server_that_loses_its_counters_is_told_without_a_key()
    {
        await using var fleet = new FleetOfTests();
        var cache = await fleet.StartAsync();
        var told = Record(cache);

        foreach (var server in fleet.Memcached)
        {
            Assert.All(server.Items.Keys, key => server.Evict(key));
        }

        await Eventually.BecomesTrueAsync(() => told.Any(one => one.Cause == InvalidationCause.Flushed), "the flush is told");
        var flushed = told.First(one => one.Cause == InvalidationCause.Flushed);
        Assert.Equal((null, null), (flushed.Key, flushed.Rule));
        Assert.Contains(flushed.Server, fleet.Memcached.Select(server => server.Address));
    }

    private static ConcurrentQueue<KeyInvalidatedEventArgs> Record(NearCacheClient cache)
    {
        var told = new ConcurrentQueue<KeyInvalidatedEventArgs>();
        cache.Events.Invalidated += (_, invalidated) => told.Enqueue(invalidated);
        return told;
    }
}
