using System.Collections.Concurrent;
using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.Memcached.Tests.Faults;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.Servers;
using Eventually = NearCache.TestSupport.Eventually;

namespace NearCache.Memcached.Tests.Topology;

public sealed class ServerListChangeTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task Changed_twenty_times_under_load_every_reply_meets_its_own_call_and_no_connection_is_left_behind()
    {
        await using var servers = new Fleet();
        await servers.StartAsync(6);
        await using var client = new MemcachedClient(
            new MemcachedOptions
            {
                Servers = [.. servers.Addresses[..3]],
                VerifyReplies = true,
                Distribution = MemcachedDistribution.Rendezvous,
                OperationTimeout = Long,
            });
        var errors = new ConcurrentDictionary<string, int>();
        var answered = 0;
        using var stop = new CancellationTokenSource();
        var load = Enumerable.Range(0, 32).Select(caller => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var key = $"list:{caller}:{i % 50}";
                try
                {
                    await client.SetAsync(key, Encoding.UTF8.GetBytes($"value of {key}"));
                    var found = await client.GetAsync(key);
                    Assert.True(found is null || Encoding.UTF8.GetString(found) == $"value of {key}");
                    Interlocked.Increment(ref answered);
                }
                catch (MemcachedException e)
                {
                    errors.AddOrUpdate(e.GetType().Name, 1, (_, count) => count + 1);
                }

                await Task.Yield();
            }
        })).ToArray();

        for (var round = 0; round < 20; round++)
        {
            var target = Volatile.Read(ref answered) + 100;
            await Eventually.BecomesTrueAsync(
                () => Volatile.Read(ref answered) >= target || load.Any(task => task.IsFaulted), "calls are answered");
            string[] next = [.. Enumerable.Range(0, 2 + (round % 4)).Select(i => servers.Addresses[(round + i) % 6])];
            await client.SetServersAsync(next).WaitAsync(Long);

            Assert.Equal(next, client.Servers.Select(server => server.Name));
            Assert.All(servers.Addresses.Except(next), gone => Assert.Equal(0, TcpTable.EstablishedTo(servers.PortOf(gone))));
        }

        await stop.CancelAsync();
        await Task.WhenAll(load).WaitAsync(Long);

        // Who looked a server up, and then was held up for longer than the list took to change, is told so. Nothing else may happen.
        Assert.All(errors.Keys, error => Assert.Equal(nameof(MemcachedServerRemovedException), error));
        output.WriteLine($"[FIGURE] list of servers changed 20 times under load | answered {answered}, failed {errors.Values.Sum()} | "
            + $"replies that met another call 0 | connections to removed servers 0");
    }

    [Fact]
    public async Task What_is_in_flight_on_a_server_that_is_taken_off_is_answered()
    {
        await using var one = FakeMemcached.Start();
        await using var other = FakeMemcached.Start();
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { one.Address }, OperationTimeout = Long });
        await client.SetAsync("k", "v"u8.ToArray());
        one.HoldReplies();
        var due = client.GetAsync("k").AsTask();

        var changing = client.SetServersAsync([other.Address]);
        Assert.Null(await client.GetAsync("k"));
        Assert.False(changing.IsCompleted);
        one.ReleaseReplies();

        Assert.Equal("v"u8.ToArray(), await due.WaitAsync(Long));
        await changing.WaitAsync(Long);
        await Eventually.BecomesTrueAsync(() => one.OpenConnections == 0, "the connection is closed");
    }

    [Fact]
    public async Task What_is_not_answered_in_time_fails_and_says_that_nobody_knows()
    {
        await using var one = FakeMemcached.Start();
        await using var other = FakeMemcached.Start();
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { one.Address }, OperationTimeout = Long });
        await client.SetAsync("k", "v"u8.ToArray());
        one.HoldReplies();
        var due = client.SetAsync("k", "w"u8.ToArray()).AsTask();
        await Eventually.BecomesTrueAsync(
            () => one.Commands.Count(command => command.StartsWith("ms", StringComparison.Ordinal)) == 2, "the server has it");

        await client.SetServersAsync([other.Address], TimeSpan.Zero).WaitAsync(Long);

        var e = await Assert.ThrowsAsync<MemcachedServerRemovedException>(() => due.WaitAsync(Long));
        Assert.Equal((true, true, one.Address), (e.OutcomeUnknown, e.IsTransient, e.Server));
    }

    [Fact]
    public async Task A_server_that_was_taken_off_refuses_calls_and_sends_nothing()
    {
        await using var one = FakeMemcached.Start();
        await using var other = FakeMemcached.Start();
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { one.Address } });
        await client.SetAsync("k", "v"u8.ToArray());
        var removed = client.Servers[0];
        await client.SetServersAsync([other.Address]).WaitAsync(Long);
        one.ClearCommands();

        var e = await Assert.ThrowsAsync<MemcachedServerRemovedException>(
            async () => await removed.ExecuteAsync(MetaCommand.Get("k"u8.ToArray())));

        Assert.False(e.OutcomeUnknown);
        Assert.Equal(MemcachedServerState.Closed, removed.State);
        Assert.Empty(one.Commands);
    }

    [Fact]
    public async Task Servers_that_stay_keep_their_connections()
    {
        await using var one = FakeMemcached.Start();
        await using var other = FakeMemcached.Start();
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { one.Address } });
        await client.SetAsync("k", "v"u8.ToArray());
        var before = client.Servers;

        await client.SetServersAsync([other.Address, one.Address]).WaitAsync(Long);

        Assert.Same(before[0], client.Servers[1]);
        Assert.Equal((1, 1), (before.Count, one.AcceptedConnections));
        await client.SetServersAsync([$"{one.Address}"]).WaitAsync(Long);
        Assert.Equal("v"u8.ToArray(), await client.GetAsync("k"));
        Assert.Equal(1, one.AcceptedConnections);
    }

    [Fact]
    public async Task A_list_with_mistakes_changes_nothing()
    {
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { "a:1" } });
        var before = client.Servers;

        var e = Assert.Throws<ArgumentException>(() => { _ = client.SetServersAsync(["a:0", "b:1 weight=2"]); });

        Assert.Contains("Servers[0]", e.Message, StringComparison.Ordinal);
        Assert.Contains("Servers[1]", e.Message, StringComparison.Ordinal);
        Assert.Same(before, client.Servers);
    }

    [Fact]
    public async Task Disposing_the_client_does_not_wait_for_servers_that_are_being_taken_off()
    {
        await using var one = FakeMemcached.Start();
        var client = new MemcachedClient(new MemcachedOptions { Servers = { one.Address }, OperationTimeout = TimeSpan.FromMinutes(5) });
        await client.SetAsync("k", "v"u8.ToArray());
        one.HoldReplies();
        var due = client.GetAsync("k").AsTask();
        var changing = client.SetServersAsync(["127.0.0.1:1"]);

        await client.DisposeAsync().AsTask().WaitAsync(Long);

        await Assert.ThrowsAnyAsync<Exception>(() => due.WaitAsync(Long));
        await changing.WaitAsync(Long);
        Assert.Throws<ObjectDisposedException>(() => { _ = client.SetServersAsync(["a:1"]); });
        await Eventually.BecomesTrueAsync(() => one.OpenConnections == 0, "the connection is closed");
    }

    private sealed class Fleet : IAsyncDisposable
    {
        private readonly List<MemcachedProcess> _servers = [];

        public string[] Addresses => [.. _servers.Select(server => server.Address)];

        public async Task StartAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                _servers.Add(await MemcachedProcess.StartNewAsync());
            }
        }

        public int PortOf(string address) => _servers.Single(server => server.Address == address).Port;

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _servers)
            {
                await server.DisposeAsync();
            }
        }
    }
}
