using System.Buffers;
using System.Runtime.InteropServices;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>A piece of what is sent.</summary>
/// <param name="Buffer">From the shared pool; used again when it was sent.</param>
/// <param name="Length">How much of it is sent.</param>
internal readonly record struct SendBuffer(byte[] Buffer, int Length);

/// <summary>
/// Bytes that wait to be sent: small ones collected in one buffer, large values each in a buffer of its own between two of them.
/// </summary>
/// <remarks>Requires the connection's lock, except for the static members.</remarks>
internal sealed class SendQueue
{
    private const int LargeValueBytes = 32 * 1024;
    private const int BufferSize = 64 * 1024;
    private List<SendBuffer> _parts = [];
    private byte[]? _spare;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
    private int _filled;

    /// <summary>The place in the stream that the next byte will have.</summary>
    public long Position { get; private set; }

    public bool IsEmpty => _filled == 0 && _parts.Count == 0;

    /// <summary>
    /// InFlightLimit for at least so many bytes in one piece. A group asks for all of its lines at once, so that they are sent at once.
    /// </summary>
    public Span<byte> GetSpan(int size)
    {
        if (_buffer.Length - _filled < size)
        {
            Seal();
            if (_buffer.Length < size)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = ArrayPool<byte>.Shared.Rent(size);
            }
        }

        return _buffer.AsSpan(_filled);
    }

    /// <summary>So many bytes were written to the span.</summary>
    public void Advance(int count)
    {
        _filled += count;
        Position += count;
    }

    /// <summary>
    /// Whether a value must be copied before the connection's lock is taken: it is large, or code of the application hands out its memory.
    /// </summary>
    public static bool MustCopy(in MetaCommand command) =>
        command.Kind == MetaCommandKind.Set && (command.Value.Length >= LargeValueBytes || IsCustomMemory(command.Value));

    /// <summary>
    /// Whether code of the application hands out the memory: it may block or throw, each time anew. It never runs under the connection's
    /// lock.
    /// </summary>
    public static bool IsCustomMemory(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetMemoryManager<byte, MemoryManager<byte>>(memory, out _);

    /// <summary>Copies the value if it must be; otherwise returns null.</summary>
    public static byte[]? Copy(in MetaCommand command)
    {
        if (!MustCopy(command))
        {
            return null;
        }

        var copy = ArrayPool<byte>.Shared.Rent(command.Value.Length);
        command.Value.Span.CopyTo(copy);
        return copy;
    }

    /// <summary>Takes back a copy that is not sent.</summary>
    public static void Discard(byte[]? copy)
    {
        if (copy is not null)
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>Puts what <see cref="Copy"/> has copied behind what was written, and owns it.</summary>
    public void Add(byte[] copy, int length)
    {
        Seal();
        _parts.Add(new SendBuffer(copy, length));
        Position += length;
    }

    /// <summary>
    /// Hands out all that waits, as one part in <paramref name="single"/> when it is one, else as a list that is returned by
    /// <see cref="Return"/>.
    /// </summary>
    public List<SendBuffer>? Take(out SendBuffer single)
    {
        if (_parts.Count == 0)
        {
            single = new SendBuffer(_buffer, _filled);
            _buffer = TakeSpare();
            _filled = 0;
            return null;
        }

        single = default;
        Seal();
        var parts = _parts;
        _parts = [];
        return parts;
    }

    /// <summary>Takes back the buffer of a part that was sent.</summary>
    public void Return(in SendBuffer part)
    {
        if (part.Buffer is { } buffer)
        {
            if (_spare is null && buffer.Length is >= BufferSize and <= 2 * BufferSize)
            {
                _spare = buffer;
            }
            else
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private void Seal()
    {
        if (_filled > 0)
        {
            _parts.Add(new SendBuffer(_buffer, _filled));
            _buffer = TakeSpare();
            _filled = 0;
        }
    }

    private byte[] TakeSpare()
    {
        var buffer = _spare ?? ArrayPool<byte>.Shared.Rent(BufferSize);
        _spare = null;
        return buffer;
    }
}
