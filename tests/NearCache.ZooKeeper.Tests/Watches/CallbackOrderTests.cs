using System.Collections.Concurrent;
using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper.Tests.Sessions;

namespace NearCache.ZooKeeper.Tests.Watches;

public sealed class CallbackOrderTests
{
    [Fact]
    public async Task A_slow_handler_delays_no_other_handler_and_misses_nothing()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", []);
        server.SetData("/b", []);
        await using var client = await server.ConnectAsync();
        using var released = new ManualResetEventSlim();
        var slow = new ConcurrentQueue<WatchEvent>();
        var quick = new ConcurrentQueue<WatchEvent>();
        await client.AddWatchAsync("/a", PersistentWatchMode.Node, e =>
        {
            released.Wait();
            slow.Enqueue(e);
        });
        await client.AddWatchAsync("/b", PersistentWatchMode.Node, quick.Enqueue);

        for (var i = 0; i < 20; i++)
        {
            await client.SetDataAsync("/a", null).AsTask().WaitAsync(TestClients.Patience);
            await client.SetDataAsync("/b", null).AsTask().WaitAsync(TestClients.Patience);
        }

        await Eventually.BecomesTrueAsync(() => quick.Count == 20, "the fast handler got every event");
        Assert.Empty(slow);
        released.Set();
        await Eventually.BecomesTrueAsync(() => slow.Count == 20, "the slow handler, too");
    }

    [Fact]
    public async Task A_handler_that_never_returns_holds_results_back_once_and_not_per_event()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", []);
        await using var client = await server.ConnectAsync(options => options.WatchHandlerGrace = TimeSpan.FromSeconds(1));
        using var released = new ManualResetEventSlim();
        await client.AddWatchAsync("/a", PersistentWatchMode.Node, _ => released.Wait());

        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 200; i++)
        {
            await client.SetDataAsync("/a", null).AsTask().WaitAsync(TestClients.Patience);
        }

        // Once for each event would take more than three minutes.
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(100));
        released.Set();
    }

    [Fact]
    public async Task A_handler_may_wait_for_the_client_and_one_that_throws_does_no_harm()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", [1]);
        await using var client = await server.ConnectAsync();
        var read = new TaskCompletionSource<byte[]>();
        await client.GetDataAsync("/a", _ => throw new InvalidOperationException("a handler's mistake"));
#pragma warning disable xUnit1031 // That a handler which blocks gets its answer is what is tested.
        await client.GetDataAsync("/a", _ => read.SetResult(client.GetDataAsync("/a").AsTask().GetAwaiter().GetResult().Data.ToArray()));
#pragma warning restore xUnit1031

        await client.SetDataAsync("/a", new byte[] { 2 });

        Assert.Equal([2], await read.Task.WaitAsync(TestClients.Patience));
    }

    [Fact]
    public async Task A_caller_that_reads_a_change_has_been_notified_of_it()
    {
        await using var server = FakeZooKeeper.Start();
        server.SetData("/a", BitConverter.GetBytes(0));
        await using var client = await server.ConnectAsync(TestClients.WaitForHandlers);
        await using var writer = await server.ConnectAsync();
        var rounds = int.Parse(
            Environment.GetEnvironmentVariable("NEARCACHE_ROUNDS") ?? "3000", System.Globalization.CultureInfo.InvariantCulture);
        var late = 0;

        for (var round = 1; round <= rounds; round++)
        {
            var told = 0;
            await client.GetDataAsync("/a", _ => Volatile.Write(ref told, 1));
            var write = writer.SetDataAsync("/a", BitConverter.GetBytes(round)).AsTask();
            while (BitConverter.ToInt32((await client.GetDataAsync("/a")).Data.Span) != round)
            {
            }

            late += Volatile.Read(ref told) == 1 ? 0 : 1;
            await write;
        }

        Assert.Equal(0, late);
    }
}
