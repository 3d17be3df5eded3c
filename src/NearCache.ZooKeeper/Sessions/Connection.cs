using System.Net.Sockets;
using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// One connection to a server: first the exchange that opens the session, then a loop that sends what is queued and one that receives.
/// </summary>
internal sealed class Connection(TransportConnection transport, ServerAddress address, RequestQueue queue, int mostBytes) : IAsyncDisposable
{
    private readonly FrameReader _frames = new(mostBytes);
    private readonly AsyncSignal _somethingToSend = new();
    private volatile bool _hasEnded;

    public ServerAddress Address => address;

    /// <summary>The server, as written in the connection string.</summary>
    public string Server { get; } = address.ToString();

    /// <summary>Sends one message and waits for the next one. Only before <see cref="RunAsync"/>.</summary>
    /// <exception cref="IOException">The server closed the connection instead.</exception>
    public async Task<byte[]> AskAsync(Action<JuteWriter> write, CancellationToken cancellationToken)
    {
        var request = new JuteWriter(256);
        var start = request.BeginFrame();
        write(request);
        request.EndFrame(start);
        await transport.Stream.WriteAsync(request.Written, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (TryReadWhole() is { } message)
            {
                return message;
            }

            await ReadMoreAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs both loops until the connection has ended, and says why it has.</summary>
    public async Task<Exception> RunAsync(IConnectionListener sink)
    {
        var sending = SendAsync(sink);
        try
        {
            await ReceiveAsync(sink).ConfigureAwait(false);
        }
        catch (Exception e) when (IsLoss(e) || e is JuteFormatException)
        {
            transport.Abort(e);
        }

        if (sink.TakeDeferred() is { } deferred)
        {
            ThreadPool.UnsafeQueueUserWorkItem(deferred, preferLocal: false);
        }

        _hasEnded = true;
        _somethingToSend.Wake();
        await sending.ConfigureAwait(false);
        return transport.Reason!;
    }

    /// <summary>There is something to send.</summary>
    public void Wake(bool here = false) => _somethingToSend.Wake(here);

    /// <summary>Ends it from any thread; the first reason is kept.</summary>
    public void Abort(Exception reason) => transport.Abort(reason);

    /// <summary>Ends it from any thread; what was written before still arrives.</summary>
    public void Close(Exception reason) => transport.Close(reason);

    public ValueTask DisposeAsync() => transport.DisposeAsync();

    /// <summary>Whether that is how reading and writing fail when a connection is lost.</summary>
    public static bool IsLoss(Exception e) => e is IOException or SocketException or ObjectDisposedException or OperationCanceledException;

    private async Task SendAsync(IConnectionListener sink)
    {
        try
        {
            while (!_hasEnded)
            {
                await _somethingToSend.WaitAsync().ConfigureAwait(false);
                for (var isFirst = true; !_hasEnded && queue.TryTake(out var bytes); isFirst = false)
                {
                    if (!isFirst)
                    {
                        // The thread may be a caller's, which shall not send for all others.
                        await Task.Yield();
                    }

                    sink.Sending(bytes.Length);
                    await transport.Stream.WriteAsync(bytes).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (IsLoss(e))
        {
            transport.Abort(e);
        }
    }

    private async Task ReceiveAsync(IConnectionListener sink)
    {
        HandOver(sink);   // what came together with the answer that opened the session
        while (true)
        {
            var count = await new ReadAwaitable(transport.Stream.ReadAsync(_frames.GetMemory()), sink);
            Arrived(count);
            sink.Received(count);
            HandOver(sink);
        }
    }

    private async ValueTask ReadMoreAsync(CancellationToken cancellationToken)
    {
        var count = await transport.Stream.ReadAsync(_frames.GetMemory(), cancellationToken).ConfigureAwait(false);
        Arrived(count);
    }

    private void Arrived(int count)
    {
        if (count == 0)
        {
            throw new IOException($"{Server} closed the connection.");
        }

        _frames.Advance(count);
    }

    private void HandOver(IConnectionListener sink)
    {
        try
        {
            while (_frames.TryRead(out var message, out var length))
            {
                sink.Arrived(message, length);
            }
        }
        finally
        {
            sink.Heard();
        }
    }

    private byte[]? TryReadWhole()
    {
        if (!_frames.TryRead(out var message, out var length))
        {
            return null;
        }

        return message.Length == length ? message.ToArray() : throw new JuteFormatException($"A first message of {length} bytes.");
    }
}
