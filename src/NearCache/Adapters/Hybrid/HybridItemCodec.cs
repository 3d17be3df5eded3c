using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using NearCache.Remote.Formats;
using NearCache.Tags;

namespace NearCache.Adapters.Hybrid;

/// <summary>Converts hybrid items to bytes and back.</summary>
/// <remarks>docs/formats.md, "Entries of HybridCache".</remarks>
internal sealed class HybridItemCodec : ValueCodec<HybridItem>
{
    private const byte HasValue = 0;
    private const byte IsNull = 1;

    private static readonly uint WithFields = new Envelope(ValueKind.HybridFields).ToClientFlags();

    public override uint ClientFlags { get; } = new Envelope(ValueKind.Hybrid).ToClientFlags();

    internal override bool IsOwn => true;

    internal override bool SharesBytes => false;

    // A process that does not write fields treats such a value as foreign.
    internal override uint FlagsOf(HybridItem value) => PayloadOf(value).HasFields ? WithFields : ClientFlags;

    internal override bool Reads(uint clientFlags) => clientFlags == WithFields;

    // A stale item cannot be checked against removals of its tags.
    internal override bool MayBeStale => false;

    internal override long MemoryOf(HybridItem value, ReadOnlyMemory<byte> bytes) => value.Memory ?? bytes.Length;

    internal override bool MayCompress(HybridItem value) => PayloadOf(value).MayCompress;

    /// <summary>Writes the header of an item; the value follows.</summary>
    /// <param name="output">Receives the bytes.</param>
    /// <param name="tags">The version of all entries, then those of the item's tags.</param>
    /// <param name="isNull">Whether the value is null, and no bytes follow.</param>
    public static void WriteHeader(IBufferWriter<byte> output, ReadOnlySpan<TagVersion> tags, bool isNull)
    {
        output.Write([isNull ? IsNull : HasValue]);
        WriteNumber(output, (uint)tags.Length);
        foreach (var tag in tags)
        {
            var name = Encoding.UTF8.GetBytes(tag.Name);
            WriteNumber(output, (uint)name.Length);
            output.Write(name);
            BinaryPrimitives.WriteUInt64BigEndian(output.GetSpan(sizeof(ulong)), tag.Version);
            output.Advance(sizeof(ulong));
        }
    }

    public override ReadOnlyMemory<byte> Encode(HybridItem value) => PayloadOf(value).Bytes;

    /// <exception cref="FormatException">The bytes are not an item.</exception>
    public override HybridItem Decode(ReadOnlyMemory<byte> bytes)
    {
        var at = 0;
        var kind = Take(bytes.Span, ref at, 1)[0];
        var count = ReadNumber(bytes.Span, ref at);
        if (kind > IsNull || count < 1 || count > bytes.Length)
        {
            throw new FormatException($"No entry of HybridCache begins with {kind} and has {count} tags.");
        }

        var tags = new TagVersion[count];
        for (var i = 0; i < count; i++)
        {
            var name = Encoding.UTF8.GetString(Take(bytes.Span, ref at, ReadNumber(bytes.Span, ref at)));
            tags[i] = new TagVersion(name, BinaryPrimitives.ReadUInt64BigEndian(Take(bytes.Span, ref at, sizeof(ulong))));
        }

        if (tags[0].Name != TagVersion.Everything || Array.Exists(tags, tag => tag.Name.Length == 0))
        {
            throw new FormatException("The first tag of an entry of HybridCache is *, and none is empty.");
        }

        return new HybridItem(tags, kind == IsNull, new HybridPayload(bytes, at));
    }

    private static HybridPayload PayloadOf(HybridItem item) =>
        item.Payload ?? throw new InvalidOperationException("The item's bytes were dropped.");

    private static void WriteNumber(IBufferWriter<byte> output, uint number)
    {
        for (; number > 0x7F; number >>= 7)
        {
            output.Write([(byte)(number | 0x80)]);
        }

        output.Write([(byte)number]);
    }

    private static int ReadNumber(ReadOnlySpan<byte> bytes, ref int at)
    {
        var number = 0;
        for (var shift = 0; shift < 28; shift += 7)
        {
            var next = Take(bytes, ref at, 1)[0];
            number |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                return number;
            }
        }

        throw new FormatException("A number is too long.");
    }

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> bytes, ref int at, int count)
    {
        if (bytes.Length - at < count)
        {
            throw new FormatException("The bytes are truncated.");
        }

        at += count;
        return bytes.Slice(at - count, count);
    }
}
