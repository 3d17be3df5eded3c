using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests.Faults;

public sealed class DisposalTests(ITestOutputHelper output)
{
    private const int Connected = 2000;
    private const int ConnectionLost = 2001;
    private const int ServerDown = 2100;
    private const int ServerUp = 2101;
    private const int NeverDisposed = 2200;

    [Fact]
    public async Task Disposing_under_load_ends_every_call_and_every_connection()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        var slowest = TimeSpan.Zero;
        for (var round = 0; round < 20; round++)
        {
            var client = new MemcachedClient(FaultLoad.PatientOptions(server.Address));
            var load = new FaultLoad(client, server.Port);
            await load.AnswersAgainAsync();

            var clock = Stopwatch.StartNew();
            await client.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(3));
            slowest = clock.Elapsed > slowest ? clock.Elapsed : slowest;
            await load.DisposeAsync();

            Assert.All(load.Errors.Keys, error => Assert.Equal("ObjectDisposed", error));
            Assert.Equal(MemcachedServerState.Closed, client.Servers[0].State);
            Assert.Empty(client.Servers[0].Connections);
            Assert.Equal(0, TcpTable.EstablishedTo(server.Port));
        }

        output.WriteLine($"[FIGURE] Dispose under load, 20 times | every call ended: ObjectDisposed | slowest disposal "
            + $"{slowest.TotalMilliseconds:0} ms | connections after 0");
    }

    [Fact]
    public async Task Disposing_during_connect_ends_the_attempt()
    {
        await using var server = FakeMemcached.Start();
        server.Faults.IsSilent = true;
        for (var round = 0; round < 50; round++)
        {
            var client = new MemcachedClient(
                new MemcachedOptions
                {
                    Servers = { server.Address },
                    ConnectTimeout = TimeSpan.FromMinutes(1),
                    OperationTimeout = TimeSpan.FromMinutes(1),
                });
            var call = client.GetAsync("k").AsTask();
            if (round % 2 == 0)
            {
                var accepted = server.AcceptedConnections;
                await TestSupport.Eventually.BecomesTrueAsync(
                    () => server.AcceptedConnections > accepted || server.OpenConnections > 0, "it connects");
            }

            await client.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromMinutes(3));

            await Assert.ThrowsAnyAsync<Exception>(() => call.WaitAsync(TimeSpan.FromMinutes(3)));
            await TestSupport.Eventually.BecomesTrueAsync(() => server.OpenConnections == 0, "the server sees the end");
        }
    }

    [Fact]
    public async Task Draining_waits_for_the_answers_that_are_due()
    {
        await using var server = FakeMemcached.Start();
        var client = new MemcachedClient(new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromMinutes(1) });
        await client.SetAsync("k", "v"u8.ToArray());
        server.HoldReplies();
        var due = client.GetAsync("k").AsTask();

        var disposing = client.DisposeAsync(TimeSpan.FromMinutes(1)).AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.GetAsync("k"));
        Assert.False(disposing.IsCompleted);
        server.ReleaseReplies();

        Assert.NotNull(await due.WaitAsync(TimeSpan.FromMinutes(3)));
        await disposing.WaitAsync(TimeSpan.FromMinutes(3));
    }

    /// <remarks>The logger holds the loop of the connection at an event. The client is disposed, and then the loop continues.</remarks>
    [Theory]
    [InlineData(Connected, true)]
    [InlineData(Connected, false)]
    [InlineData(ConnectionLost, false)]
    [InlineData(ServerDown, false)]
    [InlineData(ServerUp, false)]
    public async Task Disposing_ends_the_loop_of_a_connection_at_every_event(int id, bool isFirst)
    {
        foreach (var drain in new TimeSpan?[] { null, TimeSpan.Zero, TimeSpan.FromMinutes(1) })
        {
            await using var server = FakeMemcached.Start();
            using var log = new HoldingLogger();
            var client = new MemcachedClient(
                new MemcachedOptions
                {
                    Servers = { server.Address },
                    ConnectTimeout = TimeSpan.FromMinutes(1),
                    OperationTimeout = TimeSpan.FromMinutes(1),
                    ReconnectDelay = TimeSpan.FromMilliseconds(10),
                    MaxReconnectDelay = TimeSpan.FromMilliseconds(10),
                },
                log);
            if (isFirst)
            {
                log.Hold(id);
                _ = client.Servers[0].ConnectionIdFor("k"u8);   // starts the loop
            }
            else
            {
                await client.SetAsync("k", "v"u8.ToArray());
                log.Hold(id);
                server.Kill();
                await TestSupport.Eventually.BecomesTrueAsync(
                    () => log.IsHeld.IsSet || client.Servers[0].State == MemcachedServerState.Down, "the server is down");
                server.Restart();
            }

            await TestSupport.Eventually.BecomesTrueAsync(() => log.IsHeld.IsSet, "the loop is held");
            Task disposing = Task.CompletedTask;
            if (drain is { } time)
            {
                disposing = client.DisposeAsync(time).AsTask();
            }
            else
            {
                client.Dispose();
            }

            log.Release();
            await disposing.WaitAsync(TimeSpan.FromMinutes(3));
            await TestSupport.Eventually.BecomesTrueAsync(
                () => server.OpenConnections == 0 && client.Servers[0].Connections.Count == 0, "the connection is closed");
            Assert.Equal(MemcachedServerState.Closed, client.Servers[0].State);
        }
    }

    [Fact]
    public async Task A_thousand_clients_made_used_and_disposed_leave_nothing()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await CycleAsync(server.Address, 50);
        var handles = Handles();
        var clock = Stopwatch.StartNew();

        await CycleAsync(server.Address, 1000);

        output.WriteLine($"[FIGURE] 1,000 cycles of create, use, dispose | {clock.Elapsed.TotalMilliseconds / 1000:0.00} ms each | "
            + $"handles before {handles}, after {Handles()} | connections after {TcpTable.EstablishedTo(server.Port)}");
        Assert.Equal(0, TcpTable.EstablishedTo(server.Port));
        await TestSupport.Eventually.BecomesTrueAsync(() => TcpTable.EstablishedAt(server.Port) == 0, "the server sees none");
    }

    [Fact]
    public async Task Clients_that_were_never_disposed_are_ended_when_they_are_collected_and_say_where_they_were_made()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        var log = new LogRecorder();
        var before = await ForgetAsync(server.Address, server.Port, log, 200);

        await TestSupport.Eventually.BecomesTrueAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return TcpTable.EstablishedTo(server.Port) == 0 && log.Of(NeverDisposed).Length == 200;
            },
            "no connection is left, and everybody was told");

        output.WriteLine($"[FIGURE] 200 clients never disposed | connections before collection {before}, after 0 | "
            + $"{log.Of(NeverDisposed).Length} warnings that name where each was made");
        Assert.Equal(200, before);
        Assert.Equal(200, log.Of(NeverDisposed).Length);
        Assert.Contains(nameof(ForgetAsync), log.Of(NeverDisposed)[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_is_not_collected_while_it_has_something_in_flight()
    {
        await using var server = FakeMemcached.Start();
        server.HoldReplies();
        var call = Start(server.Address);

        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        server.ReleaseReplies();
        Assert.Null(await call.WaitAsync(TimeSpan.FromMinutes(3)));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Task<byte[]?> Start(string address) =>
            new MemcachedClient(
                new MemcachedOptions
                {
                    Servers = { address },
                    OperationTimeout = TimeSpan.FromMinutes(1),
                    ConnectTimeout = TimeSpan.FromMinutes(1),
                }).GetAsync("k").AsTask();
    }

    private static int Handles() => Directory.GetFiles("/proc/self/fd").Length;

    private static async Task CycleAsync(string address, int times)
    {
        for (var i = 0; i < times; i++)
        {
            await using var client = new MemcachedClient(FaultLoad.PatientOptions(address));
            await client.SetAsync("k", "v"u8.ToArray());
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<int> ForgetAsync(string address, int port, ILoggerFactory log, int times)
    {
        var clients = new List<MemcachedClient>();
        for (var i = 0; i < times; i++)
        {
            clients.Add(new MemcachedClient(FaultLoad.PatientOptions(address), log));
            await clients[i].SetAsync("k", "v"u8.ToArray());
        }

        // The system's list is read in pieces while other tests open and close connections: one that is there may be missed.
        var connections = 0;
        await TestSupport.Eventually.BecomesTrueAsync(
            () => (connections = Math.Max(connections, TcpTable.EstablishedTo(port))) >= times, "every client has its connection");
        GC.KeepAlive(clients);
        return connections;
    }
}
