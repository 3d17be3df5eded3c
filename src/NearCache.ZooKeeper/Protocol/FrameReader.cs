using System.Buffers.Binary;

namespace NearCache.ZooKeeper.Protocol;

/// <summary>Splits the received bytes into messages. A message is a length of four bytes and its content.</summary>
/// <remarks>
/// A message above the limit is not buffered: its header is returned with its length, so that the waiting request can fail, and the rest is
/// skipped. The buffer grows with the bytes that have arrived, not with the length that a message claims.
/// </remarks>
internal sealed class FrameReader(int maxBytes)
{
    private const int Smallest = 64 * 1024;
    private byte[] _buffer = new byte[Smallest];
    private int _start;
    private int _end;
    private int _skip;

    /// <summary>Returns the memory for the next read. Call <see cref="Advance"/> with the number of bytes read.</summary>
    public Memory<byte> GetMemory()
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
            if (_buffer.Length > 16 * Smallest)
            {
                _buffer = new byte[Smallest];
            }
        }

        if (_end == _buffer.Length)
        {
            var length = _end - _start;
            var target = length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
            Buffer.BlockCopy(_buffer, _start, target, 0, length);
            (_buffer, _start, _end) = (target, 0, length);
        }

        return _buffer.AsMemory(_end);
    }

    public void Advance(int count)
    {
        _end += count;
        var skipped = Math.Min(_skip, _end - _start);
        _start += skipped;
        _skip -= skipped;
    }

    /// <summary>Reads the next message. Returns false, and consumes nothing, if the message is incomplete.</summary>
    /// <param name="message">
    /// The message, or only the <see cref="ReplyHeader"/> of a message above the limit. Valid until the next <see cref="GetMemory"/>.
    /// </param>
    /// <param name="length">The length of the whole message.</param>
    /// <exception cref="JuteFormatException">The length is negative.</exception>
    public bool TryRead(out ReadOnlySpan<byte> message, out int length)
    {
        message = default;
        length = 0;
        var arrived = _buffer.AsSpan(_start, _end - _start);
        if (arrived.Length < sizeof(int))
        {
            return false;
        }

        length = BinaryPrimitives.ReadInt32BigEndian(arrived);
        if (length < 0)
        {
            throw new JuteFormatException($"A message of {length} bytes.");
        }

        var taken = length <= maxBytes ? length : Math.Min(length, ReplyHeader.Size);
        if (arrived.Length - sizeof(int) < taken)
        {
            return false;
        }

        message = arrived.Slice(sizeof(int), taken);
        _start += sizeof(int) + taken;
        _skip = length - taken;
        Advance(0);
        return true;
    }
}
