using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;

namespace NearCache.Transport.Readiness;

/// <summary>
/// A stream over a TCP socket whose waits are served by <see cref="EpollThread"/>s. Supports one reader and one writer at a time.
/// </summary>
internal sealed class EpollStream : Stream
{
    private readonly Socket _socket;
    private readonly SocketReadiness _readiness;
    private readonly ReadinessTaskSource _readable;
    private readonly ReadinessTaskSource _writable;

    /// <summary>Takes ownership of a socket on which nothing has waited.</summary>
    public EpollStream(Socket socket)
    {
        socket.Blocking = false;
        _socket = socket;
        _readiness = new SocketReadiness(socket);
        (_readable, _writable) = (new ReadinessTaskSource(_readiness, writes: false), new ReadinessTaskSource(_readiness, writes: true));
    }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Connects the socket.</summary>
    /// <exception cref="SocketException">The connection was refused or failed.</exception>
    public async Task ConnectAsync(EndPoint endpoint, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                // The first call starts the connect; the call after the wait returns its result.
                _socket.Connect(endpoint);
                return;
            }
            catch (SocketException e) when (
                e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress or SocketError.AlreadyInProgress)
            {
                await _writable.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>
    /// Reads the available bytes; <paramref name="count"/> is 0 at the end of the stream. Returns false if no bytes are available.
    /// </summary>
    /// <exception cref="IOException">The connection is lost.</exception>
    /// <exception cref="ObjectDisposedException">The socket was closed by this process.</exception>
    public bool TryRead(Span<byte> buffer, out int count)
    {
        count = _socket.Receive(buffer, SocketFlags.None, out var error);
        return error switch
        {
            SocketError.Success => true,
            SocketError.WouldBlock => false,
            _ => throw Lost(error),
        };
    }

    /// <summary>Notifies the callback once, on an <see cref="EpollThread"/>, when bytes are available or the connection is lost.</summary>
    public void NotifyWhenReadable(IReadinessCallback callback) => _readiness.NotifyWhenReadable(callback);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return TryRead(buffer.Span, out var count) ? new ValueTask<int>(count) : ReadLaterAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var sent = Write(buffer.Span, 0);
        return sent == buffer.Length ? ValueTask.CompletedTask : WriteLaterAsync(buffer, sent, cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Closes the socket and wakes pending reads and writes. Thread-safe.</summary>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _socket.Dispose();
            _readiness.Close();
        }

        base.Dispose(disposing);
    }

    private static IOException Lost(SocketError error)
    {
        var reason = new SocketException((int)error);
        return new IOException(reason.Message, reason);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadLaterAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int count;
        do
        {
            await _readable.WaitAsync(cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
        }
        while (!TryRead(buffer.Span, out count));

        return count;
    }

    private async ValueTask WriteLaterAsync(ReadOnlyMemory<byte> buffer, int sent, CancellationToken cancellationToken)
    {
        while (sent < buffer.Length)
        {
            await _writable.WaitAsync(cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            sent = Write(buffer.Span, sent);
        }
    }

    // Writes until the system accepts no more bytes. Returns the new offset.
    private int Write(ReadOnlySpan<byte> bytes, int sent)
    {
        while (sent < bytes.Length)
        {
            var count = _socket.Send(bytes[sent..], SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock)
            {
                break;
            }

            sent += error == SocketError.Success ? count : throw Lost(error);
        }

        return sent;
    }
}
