using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace NearCache.Transport;

/// <summary>One connection to a server: bytes both ways, no loop of its own.</summary>
/// <remarks>
/// Read and write either through the pipes or through the stream, with at most one reader and one writer at a time. To end it:
/// <see cref="Abort"/>, which makes reads and writes that are under way throw; then await one's own loops; then dispose.
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

    /// <param name="socket">For its addresses and options.</param>
    /// <param name="plain">Its bytes; owns the socket.</param>
    /// <param name="stream">The same, decrypted; owns <paramref name="plain"/>.</param>
    internal TransportConnection(Socket socket, Stream plain, Stream stream)
    {
        _socket = socket;
        _plain = plain;
        Stream = stream;
        Local = socket.LocalEndPoint;
        Remote = socket.RemoteEndPoint;
    }

    /// <summary>For its options; bytes go through the stream.</summary>
    internal Socket Socket => _socket;

    /// <summary>The bytes, decrypted.</summary>
    public Stream Stream { get; }

    /// <summary>What the server sends, in buffers of 64 KiB.</summary>
    public PipeReader Input =>
        _input ??= PipeReader.Create(Stream, new StreamPipeReaderOptions(bufferSize: BufferSize, minimumReadSize: 4096, leaveOpen: true));

    /// <summary>What the server gets; a flush sends all that was written in as few system calls as buffers of 64 KiB allow.</summary>
    public PipeWriter Output =>
        _output ??= PipeWriter.Create(Stream, new StreamPipeWriterOptions(minimumBufferSize: BufferSize, leaveOpen: true));

    /// <summary>Our own address and port: what the server sees.</summary>
    public EndPoint? Local { get; }

    /// <summary>The address that was chosen among those of the server's name.</summary>
    public EndPoint? Remote { get; }

    /// <summary>What the first <see cref="Abort"/> was given.</summary>
    public Exception? Reason => Volatile.Read(ref _reason);

    /// <summary>
    /// Closes the socket now, from any thread and any number of times; the first reason is kept. What is under way throws.
    /// </summary>
    /// <remarks>
    /// By a reset: nothing more is sent of what nobody waits for any more, and the system keeps nothing for a server that does not answer.
    /// </remarks>
    public void Abort(Exception reason) => End(reason, resets: true);

    /// <summary>Closes the socket now, as <see cref="Abort"/> does, but not by a reset: what was written before still arrives.</summary>
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

    /// <summary>Ends it; what was flushed still arrives unless it was aborted. Whoever reads or writes must have stopped.</summary>
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
            // With an exception: without one the writer would try to send what is left.
            await _output.CompleteAsync(Reason ?? new ObjectDisposedException(nameof(TransportConnection))).ConfigureAwait(false);
        }
    }

    private void End(Exception reason, bool resets)
    {
        // The reason first: a loop that finds the socket closed asks for it.
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
