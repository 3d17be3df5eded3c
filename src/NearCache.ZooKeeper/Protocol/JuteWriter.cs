using System.Buffers.Binary;
using System.Text;

namespace NearCache.ZooKeeper.Protocol;

/// <summary>Writes messages one after another into a growing buffer. Not thread-safe.</summary>
/// <remarks>Source: ZooKeeper, zookeeper-jute, BinaryOutputArchive.</remarks>
internal sealed class JuteWriter(int capacity = 4096)
{
    private byte[] _buffer = new byte[capacity];

    /// <summary>Gets the number of bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Gets the size of the buffer.</summary>
    public int Capacity => _buffer.Length;

    public ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    /// <summary>Reserves the length of a message. Pass the returned position to <see cref="EndFrame"/>.</summary>
    public int BeginFrame()
    {
        var start = Length;
        Reserve(sizeof(int));
        return start;
    }

    /// <summary>Writes the length of the message that began at <paramref name="start"/>, and returns it.</summary>
    public int EndFrame(int start)
    {
        var length = Length - start - sizeof(int);
        BinaryPrimitives.WriteInt32BigEndian(_buffer.AsSpan(start), length);
        return length;
    }

    /// <summary>Discards everything from <paramref name="length"/> on.</summary>
    public void Truncate(int length) => Length = length;

    /// <summary>Moves bytes toward the start, over discarded ones.</summary>
    public void Move(int from, int to, int count) => _buffer.AsSpan(from, count).CopyTo(_buffer.AsSpan(to));

    /// <summary>Discards everything, and releases a buffer of more than <paramref name="keep"/> bytes.</summary>
    public void Clear(int keep)
    {
        Length = 0;
        if (_buffer.Length > keep)
        {
            _buffer = new byte[capacity];
        }
    }

    public void WriteBoolean(bool value) => Reserve(1)[0] = value ? (byte)1 : (byte)0;

    public void WriteInt32(int value) => BinaryPrimitives.WriteInt32BigEndian(Reserve(sizeof(int)), value);

    public void WriteInt64(long value) => BinaryPrimitives.WriteInt64BigEndian(Reserve(sizeof(long)), value);

    public void WriteString(string? value)
    {
        if (value is null)
        {
            WriteInt32(-1);
            return;
        }

        var length = Encoding.UTF8.GetByteCount(value);
        WriteInt32(length);
        Encoding.UTF8.GetBytes(value, Reserve(length));
    }

    /// <summary>Writes a path as the server knows it, chroot included.</summary>
    public void WritePath(in ChrootedPath path)
    {
        if (path.Chroot.Length == 0)
        {
            WriteString(path.Path);
            return;
        }

        var below = path.Path.Length == 1 ? "" : path.Path;
        var (first, second) = (Encoding.UTF8.GetByteCount(path.Chroot), Encoding.UTF8.GetByteCount(below));
        WriteInt32(first + second);
        Encoding.UTF8.GetBytes(path.Chroot, Reserve(first));
        Encoding.UTF8.GetBytes(below, Reserve(second));
    }

    /// <summary>Writes bytes or null. ZooKeeper distinguishes null from empty.</summary>
    public void WriteBuffer(ReadOnlyMemory<byte>? value)
    {
        if (value is not { } bytes)
        {
            WriteInt32(-1);
            return;
        }

        WriteInt32(bytes.Length);
        bytes.Span.CopyTo(Reserve(bytes.Length));
    }

    private Span<byte> Reserve(int count)
    {
        var needed = Length + count;
        if (needed > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(needed, _buffer.Length * 2));
        }

        var room = _buffer.AsSpan(Length, count);
        Length = needed;
        return room;
    }
}
