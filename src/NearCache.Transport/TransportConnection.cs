using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NearCache.Transport;

/// <summary>A connection to a server: bytes in both directions, without a loop of its own.</summary>
/// <remarks>
/// Read and write either through the pipes or through the stream, with at most one reader and one writer at a time. To end the connection:
/// call <see cref="Abort"/>, which makes pending reads and writes throw; await the loops that use it; then dispose it.
/// </remarks>
internal sealed partial class TransportConnection : IAsyncDisposable
{
    private const int BufferSize = 64 * 1024;
    private const int Open = 0;
    private const int Aborted = 1;
    private const int Disposed = 2;

    /// <summary>A <c>sockaddr</c> of the family <c>AF_UNSPEC</c> (0).</summary>
    private static readonly byte[] Unspecified = new byte[16];

    private readonly Socket _socket;
    private readonly Stream _plain;
    private PipeReader? _input;
    private PipeWriter? _output;
    private int _state = Open;
    private Exception? _reason;

    /// <param name="socket">Provides the addresses and options.</param>
    /// <param name="plain">The socket's stream; owns the socket.</param>
    /// <param name="stream">The same stream, decrypted; owns <paramref name="plain"/>.</param>
    internal TransportConnection(Socket socket, Stream plain, Stream stream)
    {
        _socket = socket;
        _plain = plain;
        Stream = stream;
        Local = socket.LocalEndPoint;
        Remote = socket.RemoteEndPoint;
    }

    /// <summary>Gets the socket for its options; bytes go through the stream.</summary>
    internal Socket Socket => _socket;

    /// <summary>Gets the decrypted stream.</summary>
    public Stream Stream { get; }

    /// <summary>Gets the bytes from the server, in buffers of 64 KiB.</summary>
    public PipeReader Input =>
        _input ??= PipeReader.Create(Stream, new StreamPipeReaderOptions(bufferSize: BufferSize, minimumReadSize: 4096, leaveOpen: true));

    /// <summary>Gets the bytes to the server; a flush sends everything written in as few system calls as buffers of 64 KiB allow.</summary>
    public PipeWriter Output =>
        _output ??= PipeWriter.Create(Stream, new StreamPipeWriterOptions(minimumBufferSize: BufferSize, leaveOpen: true));

    /// <summary>Gets the local address and port, which the server sees as the client's.</summary>
    public EndPoint? Local { get; }

    /// <summary>Gets the server's address that was chosen among those of its name.</summary>
    public EndPoint? Remote { get; }

    /// <summary>Gets the reason given to the first <see cref="Abort"/>.</summary>
    public Exception? Reason => Volatile.Read(ref _reason);

    /// <summary>Closes the socket now. Thread-safe and idempotent; the first reason is kept. Pending reads and writes throw.</summary>
    /// <remarks>Closes by a reset: unsent bytes are dropped, and the system keeps no state for a server that does not reply.</remarks>
    public void Abort(Exception reason) => End(reason, resets: true);

    /// <summary>Closes the socket now, as <see cref="Abort"/> does, but without a reset: bytes written before still arrive.</summary>
    public void Close(Exception reason) => End(reason, resets: false);

    /// <summary>Closes a socket by a reset (RST): the operating system keeps no state of the connection and waits for no reply.</summary>
    /// <remarks>
    /// On Linux a child process holds a copy of each descriptor between <c>fork</c> and <c>exec</c>, and a close of this process's
    /// descriptor alone leaves the connection established until then. <c>connect</c> to an address of the family <c>AF_UNSPEC</c> dissolves
    /// the connection itself, whichever processes hold descriptors of it.
    /// </remarks>
    internal static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
            if (OperatingSystem.IsLinux())
            {
                // A failure leaves the close below, which resets the connection when the last descriptor is gone.
                _ = Connect(socket.SafeHandle, Unspecified, Unspecified.Length);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The peer has reset the connection already, or the socket is being disposed.
        }

        socket.Dispose();
    }

    /// <summary>
    /// Disposes the connection. Flushed bytes still arrive unless it was aborted. Requires that no read or write is pending.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _state, Disposed) == Disposed)
        {
            return;
        }

        await Stream.DisposeAsync().ConfigureAwait(false);
        if (_input is not null)
        {
            await _input.CompleteAsync().ConfigureAwait(false);
        }

        if (_output is not null)
        {
            // Completes with an exception: without one the writer would send the remaining bytes.
            await _output.CompleteAsync(Reason ?? new ObjectDisposedException(nameof(TransportConnection))).ConfigureAwait(false);
        }
    }

    private void End(Exception reason, bool resets)
    {
        // Sets the reason first: a loop that finds the socket closed reads it.
        Interlocked.CompareExchange(ref _reason, reason, null);
        if (Interlocked.CompareExchange(ref _state, Aborted, Open) == Open)
        {
            if (resets)
            {
                Reset(_socket);
            }

            _plain.Dispose();
        }
    }

    [LibraryImport("libc", EntryPoint = "connect")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Connect(SafeHandle socket, ReadOnlySpan<byte> address, int length);
}
