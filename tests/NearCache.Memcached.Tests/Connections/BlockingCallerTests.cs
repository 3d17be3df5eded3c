using System.Buffers;
using System.Diagnostics.Metrics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Connections;

/// <summary>Callers that block threads of the pool. Runs when no other test does: those threads are missing in all of them.</summary>
[Collection(nameof(BlockingCallerTests))]
[CollectionDefinition(nameof(BlockingCallerTests), DisableParallelization = true)]
public sealed class BlockingCallerTests
{
    [Fact]
    public async Task A_caller_that_blocks_its_thread_does_not_hold_up_the_others()
    {
        await using var server = FakeMemcached.Start();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromSeconds(60) });
        await client.SetAsync("k", "v"u8.ToArray());
        using var blocker = new ManualResetEventSlim();

        // All answered together: each goes on to block its thread but the last, which sets all free.
        server.HoldReplies();
        var blocked = Enumerable.Range(0, 3).Select(_ => BlockAsync()).ToArray();
        var free = FreeAsync();
        server.ReleaseReplies();

        await Task.WhenAll([.. blocked, free]).WaitAsync(TimeSpan.FromSeconds(60));

        async Task BlockAsync()
        {
            await client.GetAsync("k");
            Assert.True(blocker.Wait(TimeSpan.FromSeconds(60)));
        }

        async Task FreeAsync()
        {
            await client.GetAsync("k");
            blocker.Set();
        }
    }

    [Fact]
    public async Task Callers_of_many_clients_that_block_their_threads_do_not_hold_up_another_client()
    {
        await using var server = FakeMemcached.Start();
        MemcachedClient Make() => new(new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromSeconds(60) });
        await using var other = Make();
        await other.SetAsync("k", "v"u8.ToArray());
        using var blocker = new ManualResetEventSlim();
        var clients = Enumerable.Range(0, 12).Select(_ => Make()).ToArray();
        await Task.WhenAll(clients.Select(async client => await client.GetAsync("k")));

        // More than there are threads that read.
        server.HoldReplies();
        var blocked = clients.Select(BlockAsync).ToArray();
        server.ReleaseReplies();
        for (var i = 0; i < 10; i++)
        {
            Assert.NotNull(await other.GetAsync("k").AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
        }

        blocker.Set();
        await Task.WhenAll(blocked).WaitAsync(TimeSpan.FromSeconds(60));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }

        async Task BlockAsync(MemcachedClient client)
        {
            await client.GetAsync("k");
            Assert.True(blocker.Wait(TimeSpan.FromSeconds(60)));
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(5000)]
    [InlineData(200_000)]
    public async Task Buffer_writers_of_many_clients_that_block_their_threads_do_not_hold_up_another_client(int size)
    {
        await using var server = FakeMemcached.Start();
        MemcachedClient Make() => new(new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromSeconds(60) });
        await using var other = Make();
        await other.SetAsync("k", new byte[size]);
        using var blocker = new ManualResetEventSlim();
        var clients = Enumerable.Range(0, 12).Select(_ => Make()).ToArray();
        await Task.WhenAll(clients.Select(async client => await client.GetAsync("k")));

        server.HoldReplies();
        var writers = clients.Select(_ => new BlockingWriter(blocker)).ToArray();
        var blocked = clients.Zip(writers, async (client, writer) => await client.GetAsync("k", writer)).ToArray();
        server.ReleaseReplies();
        for (var i = 0; i < 10; i++)
        {
            Assert.NotNull(await other.GetAsync("k").AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
        }

        // Each is freed by its own client alone, and the reads of a client go on behind its own writer as well.
        await Task.WhenAll(clients.Select(client => client.GetAsync("k").AsTask())).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.All(blocked, call => Assert.False(call.IsCompleted));
        blocker.Set();
        Assert.DoesNotContain(false, await Task.WhenAll(blocked).WaitAsync(TimeSpan.FromSeconds(60)));
        Assert.All(writers, writer => Assert.Equal(size, writer.Written));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task Listeners_to_metrics_that_block_do_not_hold_up_another_client()
    {
        await using var server = FakeMemcached.Start();
        using var blocker = new ManualResetEventSlim();
        using var meters = new BlockingMeters(blocker);
        MemcachedClient Make(IMeterFactory? meters) =>
            new(new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromSeconds(60) }, meterFactory: meters);
        await using var other = Make(null);
        await other.SetAsync("k", "v"u8.ToArray());
        var clients = Enumerable.Range(0, 6).Select(_ => Make(meters)).ToArray();

        var blocked = clients.SelectMany(client =>
            new Task[] { client.GetAsync("k").AsTask(), client.GetManyAsync(["k"]), client.Servers[0].GetVersionAsync() }).ToArray();
        for (var i = 0; i < 10; i++)
        {
            Assert.NotNull(await other.GetAsync("k").AsTask().WaitAsync(TimeSpan.FromSeconds(60)));
        }

        blocker.Set();
        await Task.WhenAll(blocked).WaitAsync(TimeSpan.FromSeconds(60));
        foreach (var client in clients)
        {
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_caller_may_wait_synchronously_for_his_next_call()
    {
        await using var server = FakeMemcached.Start();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromSeconds(60) });
        await client.SetAsync("k", "v"u8.ToArray());

        var callers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 20; i++)
            {
                await client.GetAsync("k");
                Assert.NotNull(client.GetAsync("k").AsTask().GetAwaiter().GetResult());
            }
        }));

        await Task.WhenAll(callers).WaitAsync(TimeSpan.FromSeconds(120));
    }

    [Fact]
    public async Task A_caller_that_waits_for_another_callers_reply_gets_it()
    {
        await using var server = FakeMemcached.Start();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { server.Address }, OperationTimeout = TimeSpan.FromSeconds(60) });
        await client.SetAsync("k", "v"u8.ToArray());
        server.HoldReplies();
        Task<byte[]?>? second = null;
        var first = FirstAsync();
        second = client.GetAsync("k").AsTask();
        server.ReleaseReplies();

        Assert.NotNull(await first.WaitAsync(TimeSpan.FromSeconds(60)));

        async Task<byte[]?> FirstAsync()
        {
            await client.GetAsync("k");
            return second!.GetAwaiter().GetResult();
        }
    }

    private sealed class BlockingWriter(ManualResetEventSlim blocker) : IBufferWriter<byte>
    {
        private readonly ArrayBufferWriter<byte> _bytes = new();

        public int Written => _bytes.WrittenCount;

        public void Advance(int count) => _bytes.Advance(count);

        public Memory<byte> GetMemory(int sizeHint = 0) => _bytes.GetMemory(sizeHint);

        public Span<byte> GetSpan(int sizeHint = 0)
        {
            Assert.True(blocker.Wait(TimeSpan.FromSeconds(60)));
            return _bytes.GetSpan(sizeHint);
        }
    }

    private sealed class BlockingMeters : IMeterFactory
    {
        private readonly List<Meter> _meters = [];
        private readonly MeterListener _listener = new();

        public BlockingMeters(ManualResetEventSlim blocker)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                lock (_meters)
                {
                    if (_meters.Contains(instrument.Meter))
                    {
                        listener.EnableMeasurementEvents(instrument);
                    }
                }
            };
            _listener.SetMeasurementEventCallback<double>((_, _, _, _) => Assert.True(blocker.Wait(TimeSpan.FromSeconds(60))));
            _listener.Start();
        }

        public Meter Create(MeterOptions options)
        {
            lock (_meters)
            {
                _meters.Add(new Meter(options));
                return _meters[^1];
            }
        }

        public void Dispose()
        {
            _listener.Dispose();
            _meters.ForEach(meter => meter.Dispose());
        }
    }
}
