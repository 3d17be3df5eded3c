using NearCache.Remote.Formats;

namespace NearCache.Adapters.Distributed;

/// <summary>Converts distributed items to bytes and back.</summary>
/// <remarks>docs/formats.md, "Entries of IDistributedCache".</remarks>
internal sealed class DistributedItemCodec : ValueCodec<DistributedItem>
{
    private const int LongestNumber = 10;

    public override uint ClientFlags { get; } = new Envelope(ValueKind.Distributed).ToClientFlags();

    internal override bool IsOwn => true;

    internal override bool SharesBytes => false;

    public override ReadOnlyMemory<byte> Encode(DistributedItem value)
    {
        Span<byte> header = stackalloc byte[2 * LongestNumber];
        var length = Write(header, (ulong)Math.Ceiling(value.Sliding?.TotalMilliseconds ?? 0));
        length += Write(header[length..], (ulong)(value.Deadline ?? 0));
        return (byte[])[.. header[..length], .. value.Payload.Span];
    }

    /// <exception cref="FormatException">The bytes are not an item.</exception>
    public override DistributedItem Decode(ReadOnlyMemory<byte> bytes)
    {
        var at = 0;
        var sliding = Read(bytes.Span, ref at);
        var deadline = Read(bytes.Span, ref at);
        return sliding > (ulong)TimeSpan.MaxValue.TotalMilliseconds || deadline > long.MaxValue
            ? throw new FormatException("The expiration is too long.")
            : new DistributedItem(
                bytes[at..], sliding == 0 ? null : TimeSpan.FromMilliseconds((long)sliding), deadline == 0 ? null : (long)deadline);
    }

    private static int Write(Span<byte> output, ulong number)
    {
        var length = 0;
        for (; number > 0x7F; number >>= 7)
        {
            output[length++] = (byte)(number | 0x80);
        }

        output[length++] = (byte)number;
        return length;
    }

    private static ulong Read(ReadOnlySpan<byte> bytes, ref int at)
    {
        ulong number = 0;
        for (var shift = 0; shift < 7 * LongestNumber && at < bytes.Length; shift += 7)
        {
            var next = bytes[at++];
            number |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }

        throw new FormatException("The expirations are truncated.");
    }
}
