using System.Net.Sockets;
using NearCache.Transport.Readiness;

namespace NearCache.Transport.Tests;

public sealed class EpollStreamTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Plain_connections_are_waited_for_by_the_threads_of_our_own()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The threads wait by epoll, which only Linux has.");
        await using var pair = await Pair.MakeAsync();

        Assert.True(EpollThread.IsSupported);
        Assert.IsType<EpollStream>(pair.Connection.Stream);
    }

    [Fact]
    public async Task A_read_that_was_cancelled_takes_nothing_from_the_next_one()
    {
        await using var pair = await Pair.MakeAsync();
        var buffer = new byte[8];

        for (var round = 0; round < 50; round++)
        {
            using var cancel = new CancellationTokenSource();
            var reading = pair.Connection.Stream.ReadAsync(buffer, cancel.Token).AsTask();
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.WaitAsync(Long));
            var next = pair.Connection.Stream.ReadAsync(buffer, CancellationToken.None).AsTask();
            await pair.Peer.SendAsync(new[] { (byte)round });

            Assert.Equal(1, await next.WaitAsync(Long));
            Assert.Equal(round, buffer[0]);
        }
    }

    [Fact]
    public async Task A_token_that_is_cancelled_while_bytes_come_loses_none()
    {
        await using var pair = await Pair.MakeAsync();
        var received = 0;
        var buffer = new byte[8];

        for (var round = 0; round < 200; round++)
        {
            using var cancel = new CancellationTokenSource();
            var reading = pair.Connection.Stream.ReadAsync(buffer, cancel.Token).AsTask();
            await Task.WhenAll(Task.Run(cancel.Cancel), Task.Run(() => pair.Peer.Send("x"u8)));
            try
            {
                received += await reading.WaitAsync(Long);
            }
            catch (OperationCanceledException)
            {
                // The byte is there for the next one.
            }
        }

        while (received < 200)
        {
            received += await pair.Connection.Stream.ReadAsync(buffer).AsTask().WaitAsync(Long);
        }

        Assert.Equal(200, received);
    }

    [Fact]
    public async Task A_read_and_a_write_wait_at_the_same_time()
    {
        await using var pair = await Pair.MakeAsync();
        var bytes = new byte[16 << 20];
        new Random(1).NextBytes(bytes);
        var reading = pair.Connection.Stream.ReadAsync(new byte[1]).AsTask();
        var writing = pair.Connection.Stream.WriteAsync(bytes).AsTask();
        Assert.False(writing.IsCompleted);

        await pair.Peer.SendAsync("x"u8.ToArray());
        Assert.Equal(1, await reading.WaitAsync(Long));
        var received = new byte[bytes.Length];
        for (var count = 0; count < received.Length;)
        {
            count += await pair.Peer.ReceiveAsync(received.AsMemory(count));
        }

        await writing.WaitAsync(Long);
        Assert.Equal(bytes, received);
    }

    [Fact]
    public async Task Many_connections_are_served_at_once()
    {
        var pairs = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Pair.MakeAsync()));

        var echoes = pairs.Select(pair => Task.Run(async () =>
        {
            var buffer = new byte[1];
            for (var round = 0; round < 200; round++)
            {
                await pair.Connection.Stream.WriteAsync(new[] { (byte)round });
                Assert.Equal(1, await pair.Peer.ReceiveAsync(buffer));
                await pair.Peer.SendAsync(buffer);
                Assert.Equal(1, await pair.Connection.Stream.ReadAsync(buffer));
                Assert.Equal((byte)round, buffer[0]);
            }
        }));

        await Task.WhenAll(echoes).WaitAsync(Long);
        foreach (var pair in pairs)
        {
            await pair.DisposeAsync();
        }
    }

    [Fact]
    public async Task Threads_that_are_stuck_are_replaced()
    {
        Assert.SkipUnless(EpollThread.IsSupported, "The threads wait by epoll, which only Linux has.");
        using var free = new ManualResetEventSlim();
        var pairs = new List<Pair>();

        // More than there are threads.
        for (var i = 0; i < 20; i++)
        {
            var pair = await Pair.MakeAsync();
            pairs.Add(pair);
            var stuck = new Stuck(free);
            ((EpollStream)pair.Connection.Stream).NotifyWhenReadable(stuck);
            await pair.Peer.SendAsync("x"u8.ToArray());
            var thread = await stuck.Thread.Task.WaitAsync(Long);
            thread.Replace();
            thread.Replace();
        }

        free.Set();
        foreach (var pair in pairs)
        {
            Assert.Equal(1, await pair.Connection.Stream.ReadAsync(new byte[8]).AsTask().WaitAsync(Long));
            await pair.DisposeAsync();
        }
    }

    private sealed class Stuck(ManualResetEventSlim free) : IReadinessCallback
    {
        public TaskCompletionSource<EpollThread> Thread { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void OnReady()
        {
            Thread.SetResult(EpollThread.Current!);
            Assert.True(free.Wait(Long));
        }
    }

    private sealed record Pair(TransportConnection Connection, Socket Peer) : IAsyncDisposable
    {
        public static async Task<Pair> MakeAsync()
        {
            using var loopback = new Loopback();
            var connection = await Connector.ConnectAsync(
                loopback.Address, new TransportOptions { ConnectTimeout = TimeSpan.FromSeconds(20) }, TimeProvider.System, default);
            return new Pair(connection, await loopback.AcceptAsync());
        }

        public async ValueTask DisposeAsync()
        {
            await Connection.DisposeAsync();
            Peer.Dispose();
        }
    }
}
