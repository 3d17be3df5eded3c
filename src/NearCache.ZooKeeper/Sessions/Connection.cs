using System.Net.Sockets;
using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// One connection to a server: first the exchange that opens the session, then a loop that sends what is queued and one that receives.
/// </summary>
internal sealed class Connection(TransportConnection transport, ServerAddress address, RequestQueue queue, int maxBytes) : IAsyncDisposable
{
    private readonly FrameReader _frames = new(maxBytes);
    private readonly AsyncSignal _sendSignal = new();
    private volatile bool _hasEnded;

    public ServerAddress Address => address;

    /// <summary>The server, as written in the connection string.</summary>
    public string Server { get; } = address.ToString();

    /// <summary>Sends one message and waits for the next one. Only before <see cref="RunAsync"/>.</summary>
    /// <exception cref="IOException">The server closed the connection instead.</exception>
    public async Task<byte[]> ExchangeAsync(Action<JuteWriter> write, CancellationToken cancellationToken)
    {
        var request = new JuteWriter(256);
        var start = request.BeginFrame();
        write(request);
        request.EndFrame(start);
        await transport.Stream.WriteAsync(request.Written, cancellationToken).ConfigureAwait(false);
        while (true)
        {
            if (TryReadMessage() is { } message)
            {
                return message;
            }

            await ReadMoreAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs both loops until the connection has ended, and says why it has.</summary>
    public async Task<Exception> RunAsync(IConnectionListener listener)
    {
        var sending = SendAsync(listener);
        try
        {
            await ReceiveAsync(listener).ConfigureAwait(false);
        }
        catch (Exception e) when (IsConnectionFailure(e) || e is JuteFormatException)
        {
            transport.Abort(e);
        }

        if (listener.TakeDeferred() is { } deferred)
        {
            ThreadPool.UnsafeQueueUserWorkItem(deferred, preferLocal: false);
        }

        _hasEnded = true;
        _sendSignal.Set();
        await sending.ConfigureAwait(false);
        return transport.Reason!;
    }

    /// <summary>There is something to send.</summary>
    public void SignalSend(bool runInline = false) => _sendSignal.Set(runInline);

    /// <summary>Ends it from any thread; the first reason is kept.</summary>
    public void Abort(Exception reason) => transport.Abort(reason);

    /// <summary>Ends it from any thread; what was written before still arrives.</summary>
    public void Close(Exception reason) => transport.Close(reason);

    public ValueTask DisposeAsync() => transport.DisposeAsync();

    /// <summary>Whether that is how reading and writing fail when a connection is lost.</summary>
    public static bool IsConnectionFailure(Exception e) => e is IOException or SocketException or ObjectDisposedException or OperationCanceledException;

    private async Task SendAsync(IConnectionListener listener)
    {
        try
        {
            while (!_hasEnded)
            {
                await _sendSignal.WaitAsync().ConfigureAwait(false);
                for (var isFirst = true; !_hasEnded && queue.TryTake(out var bytes); isFirst = false)
                {
                    if (!isFirst)
                    {
                        // The thread may be a caller's, which shall not send for all others.
                        await Task.Yield();
                    }

                    listener.OnSending(bytes.Length);
                    await transport.Stream.WriteAsync(bytes).ConfigureAwait(false);
                }
            }
        }
        catch (Exception e) when (IsConnectionFailure(e))
        {
            transport.Abort(e);
        }
    }

    private async Task ReceiveAsync(IConnectionListener listener)
    {
        DeliverMessages(listener);   // what came together with the answer that opened the session
        while (true)
        {
            var count = await new ReadAwaitable(transport.Stream.ReadAsync(_frames.GetMemory()), listener);
            Advance(count);
            listener.OnBytesReceived(count);
            DeliverMessages(listener);
        }
    }

    private async ValueTask ReadMoreAsync(CancellationToken cancellationToken)
    {
        var count = await transport.Stream.ReadAsync(_frames.GetMemory(), cancellationToken).ConfigureAwait(false);
        Advance(count);
    }

    private void Advance(int count)
    {
        if (count == 0)
        {
            throw new IOException($"{Server} closed the connection.");
        }

        _frames.Advance(count);
    }

    private void DeliverMessages(IConnectionListener listener)
    {
        try
        {
            while (_frames.TryRead(out var message, out var length))
            {
                listener.OnMessage(message, length);
            }
        }
        finally
        {
            listener.OnBatchDelivered();
        }
    }

    private byte[]? TryReadMessage()
    {
        if (!_frames.TryRead(out var message, out var length))
        {
            return null;
        }

        return message.Length == length ? message.ToArray() : throw new JuteFormatException($"A first message of {length} bytes.");
    }
}
