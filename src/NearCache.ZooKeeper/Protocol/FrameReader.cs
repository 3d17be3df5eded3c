using System.Buffers.Binary;

namespace NearCache.ZooKeeper.Protocol;

/// <summary>Cuts what arrives into messages: a length of four bytes, then the message.</summary>
/// <remarks>
/// A message above the limit is not kept: its first bytes are handed out with its length, so that whoever waits for it can be told, and the
/// rest is skipped. The buffer grows with what has arrived, not with what a length claims.
/// </remarks>
internal sealed class FrameReader(int maxBytes)
{
    private const int Smallest = 64 * 1024;
    private byte[] _buffer = new byte[Smallest];
    private int _start;
    private int _end;
    private int _skip;

    /// <summary>Room for what arrives next; say with <see cref="Advance"/> how much it was.</summary>
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

    /// <summary>
    /// The next message; false: it has not wholly arrived, and nothing was consumed. It is valid until <see cref="GetMemory"/>.
    /// </summary>
    /// <param name="message">The message, or the <see cref="ReplyHeader"/> alone of one above the limit.</param>
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
