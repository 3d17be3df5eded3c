using System.Buffers;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace NearCache.Transport.Tests;

public sealed partial class TransportConnectionTests
{
    [Fact]
    public async Task What_is_flushed_arrives_and_what_the_peer_sends_is_read()
    {
        await using var pair = await Pair.MakeAsync();

        pair.Connection.Output.Write("one "u8);
        pair.Connection.Output.Write("write"u8);
        await pair.Connection.Output.FlushAsync();
        var buffer = new byte[64];
        Assert.Equal(9, await pair.Peer.ReceiveAsync(buffer));
        await pair.Peer.SendAsync(buffer.AsMemory(0, 9));
        var result = await pair.Connection.Input.ReadAtLeastAsync(9);

        Assert.Equal("one write"u8, result.Buffer.FirstSpan);
    }

    [Fact]
    public async Task Megabytes_pass_both_ways_at_once()
    {
        await using var pair = await Pair.MakeAsync();
        var bytes = new byte[4 << 20];
        new Random(1).NextBytes(bytes);

        var echo = Task.Run(async () =>
        {
            await using var stream = new NetworkStream(pair.Peer);
            var buffer = new byte[64 * 1024];
            int count;
            while ((count = await stream.ReadAsync(buffer)) > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, count));
            }
        });
        var writing = pair.Connection.Output.WriteAsync(bytes).AsTask();
        var received = await pair.Connection.Input.ReadAtLeastAsync(bytes.Length);
        await writing;

        Assert.Equal(bytes, received.Buffer.ToArray());
        pair.Connection.Abort(new IOException("over"));
        await Assert.ThrowsAnyAsync<Exception>(() => echo);
    }

    [Fact]
    public async Task Who_aborts_while_another_disposes_is_not_told_of_it()
    {
        for (var round = 0; round < 2000; round++)
        {
            await using var pair = await Pair.MakeAsync();
            using var start = new Barrier(2);
            var disposing = Task.Run(async () =>
            {
                start.SignalAndWait();
                await pair.Connection.DisposeAsync();
            });

            start.SignalAndWait();
            pair.Connection.Abort(new IOException("over"));
            await disposing;
        }
    }

    [Fact]
    public async Task Abort_ends_a_read_and_a_write_that_are_under_way_and_keeps_the_first_reason()
    {
        await using var pair = await Pair.MakeAsync();
        var reading = pair.Connection.Input.ReadAsync().AsTask();
        var writing = pair.Connection.Output.WriteAsync(new byte[64 << 20]).AsTask();
        var reason = new IOException("first");

        pair.Connection.Abort(reason);
        pair.Connection.Abort(new IOException("second"));

        await Assert.ThrowsAnyAsync<Exception>(() => reading.WaitAsync(TimeSpan.FromMinutes(3)));
        await Assert.ThrowsAnyAsync<Exception>(() => writing.WaitAsync(TimeSpan.FromMinutes(3)));
        Assert.Same(reason, pair.Connection.Reason);
    }

    [Fact]
    public async Task Abort_resets_so_that_what_was_not_yet_sent_never_is()
    {
        await using var pair = await Pair.MakeAsync();
        var writing = pair.Connection.Output.WriteAsync(new byte[64 << 20]).AsTask();

        pair.Connection.Abort(new IOException("late"));

        await Assert.ThrowsAnyAsync<Exception>(() => writing.WaitAsync(TimeSpan.FromMinutes(3)));
        var e = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            while (await pair.Peer.ReceiveAsync(new byte[64 * 1024]).WaitAsync(TimeSpan.FromMinutes(3)) > 0)
            {
                // What the system had received before the reset.
            }
        });
        Assert.Equal(SocketError.ConnectionReset, e.SocketErrorCode);
    }

    [Fact]
    public async Task Abort_ends_the_connection_although_a_child_that_is_being_started_has_a_copy_of_the_descriptor()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Descriptors are copied on Linux alone.");
        await using var pair = await Pair.MakeAsync();
        using var copy = new SafeFileHandle(Duplicate((int)pair.Connection.Socket.Handle), ownsHandle: true);
        Assert.False(copy.IsInvalid);

        pair.Connection.Abort(new IOException("over"));

        await ConnectorTests.AssertClosedAsync(pair.Peer);
    }

    [Fact]
    public async Task Disposal_delivers_what_was_flushed_and_then_the_end()
    {
        await using var pair = await Pair.MakeAsync();
        await pair.Connection.Output.WriteAsync("bye"u8.ToArray());

        await pair.Connection.DisposeAsync();
        await pair.Connection.DisposeAsync();

        Assert.Equal(3, await pair.Peer.ReceiveAsync(new byte[8]));
        Assert.Equal(0, await pair.Peer.ReceiveAsync(new byte[8]));
    }

    [Fact]
    public async Task Abort_and_disposal_may_race()
    {
        for (var round = 0; round < 200; round++)
        {
            await using var pair = await Pair.MakeAsync();
            var reading = pair.Connection.Input.ReadAsync().AsTask();

            await Task.WhenAll(
                Task.Run(() => pair.Connection.Abort(new IOException("a"))),
                Task.Run(() => pair.Connection.Abort(new IOException("b"))));
            await Assert.ThrowsAnyAsync<Exception>(() => reading);
            await Task.WhenAll(
                Task.Run(async () => await pair.Connection.DisposeAsync()), Task.Run(async () => await pair.Connection.DisposeAsync()));

            await ConnectorTests.AssertClosedAsync(pair.Peer);
        }
    }

    [Fact]
    public async Task When_the_peer_closes_the_input_is_completed()
    {
        await using var pair = await Pair.MakeAsync();

        pair.Peer.Shutdown(SocketShutdown.Send);

        Assert.True((await pair.Connection.Input.ReadAsync()).IsCompleted);
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

    [LibraryImport("libc", EntryPoint = "dup")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Duplicate(int descriptor);
}
