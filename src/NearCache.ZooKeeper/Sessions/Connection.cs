using System.Net.Sockets;
using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// One connection to a server. It first exchanges the messages that open the session, and then runs a send loop and a receive loop.
/// </summary>
internal sealed class Connection(
    TransportConnection transport, ServerAddress address, RequestQueue queue, int maxBytes, TimeProvider time) : IAsyncDisposable
{
    private readonly long _openedAt = time.GetTimestamp();
    private readonly FrameReader _frames = new(maxBytes);
    private readonly AsyncSignal _sendSignal = new();
    private volatile bool _hasEnded;
    private long _sent;   // written by the send loop
    private long _received;   // written by the receive loop
    private long _messages;   // written by the receive loop

    public ServerAddress Address => address;

    /// <summary>Gets the server, as written in the connection string.</summary>
    public string Server { get; } = address.ToString();

    /// <summary>Describes the connection. Thread-safe.</summary>
    public ZooKeeperConnectionInfo Describe() => new()
    {
        Server = Server,
        Local = transport.Local,
        Remote = transport.Remote,
        Age = time.GetElapsedTime(_openedAt),
        Operations = Volatile.Read(ref _messages),
        BytesSent = Volatile.Read(ref _sent),
        BytesReceived = Volatile.Read(ref _received),
    };

    /// <summary>Sends one message and returns the next message of the server. Called only before <see cref="RunAsync"/>.</summary>
    /// <exception cref="IOException">The server closed the connection.</exception>
    public async Task<byte[]> ExchangeAsync(Action<JuteWriter> write, CancellationToken cancellationToken)
    {
        var request = new JuteWriter(256);
        var start = request.BeginFrame();
        write(request);
        request.EndFrame(start);
        await transport.Stream.WriteAsync(request.Written, cancellationToken).ConfigureAwait(false);
        _sent += request.Written.Length;
        while (true)
        {
            if (TryReadMessage() is { } message)
            {
                return message;
            }

            await ReadMoreAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Runs both loops until the connection ends, and returns the reason.</summary>
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

    /// <summary>Signals the send loop that the queue has bytes to send.</summary>
    public void SignalSend(bool runInline = false) => _sendSignal.Set(runInline);

    /// <summary>Aborts the connection. The first reason is kept. Thread-safe.</summary>
    public void Abort(Exception reason) => transport.Abort(reason);

    /// <summary>Closes the connection after the bytes already written. Thread-safe.</summary>
    public void Close(Exception reason) => transport.Close(reason);

    public ValueTask DisposeAsync() => transport.DisposeAsync();

    /// <summary>Returns whether a read or write fails with this exception when the connection is lost.</summary>
    public static bool IsConnectionFailure(Exception e) =>
        e is IOException or SocketException or ObjectDisposedException or OperationCanceledException;

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
                        // The thread may belong to a caller, which must not send the requests of others.
                        await Task.Yield();
                    }

                    listener.OnSending(bytes.Length);
                    await transport.Stream.WriteAsync(bytes).ConfigureAwait(false);
                    Volatile.Write(ref _sent, _sent + bytes.Length);
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
        DeliverMessages(listener);   // messages that arrived together with the first reply
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
        Volatile.Write(ref _received, _received + count);
    }

    private void DeliverMessages(IConnectionListener listener)
    {
        try
        {
            while (_frames.TryRead(out var message, out var length))
            {
                Volatile.Write(ref _messages, _messages + 1);
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

        return message.Length == length ? message.ToArray() : throw new JuteFormatException($"The first message has {length} bytes.");
    }
}
