using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>A piece of the bytes to send.</summary>
/// <param name="Buffer">A buffer of the shared pool, reused after it was sent.</param>
/// <param name="Length">The number of bytes to send.</param>
internal readonly record struct SendBuffer(byte[] Buffer, int Length);

/// <summary>
/// The unsent bytes of a connection: small commands are collected in one buffer; each large value has a buffer of its own between two of
/// them.
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

    /// <summary>Gets the position in the stream of the next byte.</summary>
    public long Position { get; private set; }

    public bool IsEmpty => _filled == 0 && _parts.Count == 0;

    /// <summary>
    /// Returns memory for at least <paramref name="size"/> contiguous bytes. A group requests the memory of all its lines at once, so that
    /// they are sent together.
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

    /// <summary>Records the number of bytes written to the span.</summary>
    public void Advance(int count)
    {
        _filled += count;
        Position += count;
    }

    /// <summary>
    /// Returns whether a value must be copied before the connection's lock is taken: it is large, or application code provides its memory.
    /// </summary>
    public static bool MustCopy(in MetaCommand command) =>
        command.Kind == MetaCommandKind.Set && (command.Value.Length >= LargeValueBytes || IsCustomMemory(command.Value));

    /// <summary>
    /// Returns whether application code provides the memory. Such code may block or throw on every access, and must not run under the
    /// connection's lock.
    /// </summary>
    public static bool IsCustomMemory(ReadOnlyMemory<byte> memory) =>
        MemoryMarshal.TryGetMemoryManager<byte, MemoryManager<byte>>(memory, out _);

    /// <summary>Copies the value if required; otherwise returns null.</summary>
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

    /// <summary>Copies the values that require it; the result has one element per command, null for a value that is not copied.</summary>
    public static byte[]?[] CopyAll(ReadOnlySpan<MetaCommand> commands)
    {
        var copies = new byte[]?[commands.Length];
        for (var i = 0; i < copies.Length; i++)
        {
            copies[i] = Copy(commands[i]);
        }

        return copies;
    }

    /// <summary>Returns a copy that is not sent to the pool.</summary>
    public static void Discard(byte[]? copy)
    {
        if (copy is not null)
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    /// <summary>Appends a command.</summary>
    /// <param name="command">The command, which has been validated.</param>
    /// <param name="key">The bytes of its key.</param>
    /// <param name="opaque">The number that the reply repeats, or null.</param>
    /// <param name="copy">The copy of its value that <see cref="Copy"/> returned.</param>
    public void Append(in MetaCommand command, ReadOnlySpan<byte> key, ulong? opaque, byte[]? copy)
    {
        var length = command.Value.Length;
        var span = GetSpan(MetaCommandWriter.MaxLineLength + (copy is null ? length : 0) + 2);
        var written = MetaCommandWriter.Write(command, key, opaque, span);
        if (command.Kind != MetaCommandKind.Set)
        {
            Advance(written);
            return;
        }

        if (copy is not null)
        {
            Advance(written);
            Add(copy, length);
            "\r\n"u8.CopyTo(GetSpan(2));
            Advance(2);
            return;
        }

        command.Value.Span.CopyTo(span[written..]);
        "\r\n"u8.CopyTo(span[(written + length)..]);
        Advance(written + length + 2);
    }

    /// <summary>Appends a line of the classic protocol.</summary>
    public void AppendLine(string line)
    {
        var span = GetSpan(line.Length + 2);
        Encoding.ASCII.GetBytes(line, span);
        "\r\n"u8.CopyTo(span[line.Length..]);
        Advance(line.Length + 2);
    }

    /// <summary>Appends a copied value, and takes ownership of it.</summary>
    public void Add(byte[] copy, int length)
    {
        Seal();
        _parts.Add(new SendBuffer(copy, length));
        Position += length;
    }

    /// <summary>
    /// Removes all bytes: as one part in <paramref name="single"/>, or as a list if there are several. Each part must be returned by
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

    /// <summary>Returns the buffer of a sent part.</summary>
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
