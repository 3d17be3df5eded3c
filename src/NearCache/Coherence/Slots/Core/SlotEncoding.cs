using System.Buffers.Binary;
using NearCache.Coherence.Core;

namespace NearCache.Coherence.Slots.Core;

/// <summary>Encodes and decodes one announcement of a slot. docs/formats.md has the table and the test vectors.</summary>
internal static class SlotEncoding
{
    /// <summary>The kind of an announcement of a key.</summary>
    public const byte KindKey = 1;

    /// <summary>The kind of a mask of segments.</summary>
    public const byte KindSegments = 2;

    /// <summary>The fewest bytes of an encoded announcement.</summary>
    public const int MinBytes = 6;

    private const int MaxVarint = 10;

    /// <summary>Returns an upper bound of the encoded size.</summary>
    public static int MaxBytes(Announcement announcement) =>
        announcement.Flushed != 0
            ? 10
            : 5 + announcement.Key.Length + (2 * MaxVarint) + (10 * Math.Max(announcement.Versions.Count - 1, 0));

    /// <summary>Appends an encoded announcement.</summary>
    public static void Write(List<byte> output, Announcement announcement, int server)
    {
        if (announcement.Flushed != 0)
        {
            output.Add(KindSegments);
            output.Add((byte)server);
            Span<byte> mask = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64BigEndian(mask, announcement.Flushed);
            output.AddRange(mask);
            return;
        }

        output.Add(KindKey);
        output.Add((byte)server);
        output.Add((byte)announcement.Segment);
        output.Add((byte)announcement.Versions.Count);
        var previous = default(MutationVersion);
        foreach (var version in announcement.Versions)
        {
            WriteVarint(output, previous == default ? (ulong)version.N : (ulong)(previous.N - version.N));
            WriteVarint(output, ZigZag(previous == default ? version.M : previous.M - version.M));
            previous = version;
        }

        output.Add((byte)announcement.Key.Length);
        output.AddRange(announcement.Key.Span);
    }

    /// <summary>Decodes one announcement and removes it from the input. Returns false if it is broken.</summary>
    public static bool TryRead(ref ReadOnlySpan<byte> input, ReadOnlySpan<ulong> servers, out Announcement? announcement)
    {
        announcement = null;
        if (input.Length < 2 || input[1] >= servers.Length)
        {
            return false;
        }

        var (kind, server) = (input[0], servers[input[1]]);
        input = input[2..];
        return kind switch
        {
            KindKey => TryReadKey(ref input, server, out announcement),
            KindSegments => TryReadSegments(ref input, server, out announcement),
            _ => false,
        };
    }

    private static bool TryReadSegments(ref ReadOnlySpan<byte> input, ulong server, out Announcement? announcement)
    {
        announcement = null;
        if (!BinaryPrimitives.TryReadUInt64BigEndian(input, out var mask) || mask == 0)
        {
            return false;
        }

        input = input[8..];
        announcement = new Announcement { Server = server, Flushed = mask };
        return true;
    }

    private static bool TryReadKey(ref ReadOnlySpan<byte> input, ulong server, out Announcement? announcement)
    {
        announcement = null;
        if (input.Length < 2 || input[0] >= KeyHash.Segments || input[1] > Announcement.MaxVersions)
        {
            return false;
        }

        var (segment, versions) = (input[0], new MutationVersion[input[1]]);
        input = input[2..];
        var previous = default(MutationVersion);
        for (var index = 0; index < versions.Length; index++)
        {
            if (!TryReadVarint(ref input, out var n) || !TryReadVarint(ref input, out var m))
            {
                return false;
            }

            previous = versions[index] = index == 0
                ? new MutationVersion((long)n, UnZigZag(m))
                : new MutationVersion(previous.N - (long)n, previous.M - UnZigZag(m));
        }

        if (input.Length < 1 || input[0] == 0 || input.Length < 1 + input[0])
        {
            return false;
        }

        announcement = new Announcement
        {
            Server = server,
            Segment = segment,
            Versions = versions,
            Key = input.Slice(1, input[0]).ToArray(),
        };
        input = input[(1 + input[0])..];
        return true;
    }

    private static ulong ZigZag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static long UnZigZag(ulong value) => (long)(value >> 1) ^ -(long)(value & 1);

    // LEB128: seven bits a byte, the lowest first. The high bit means that more bytes follow.
    private static void WriteVarint(List<byte> output, ulong value)
    {
        for (; value > 0x7f; value >>= 7)
        {
            output.Add((byte)(value | 0x80));
        }

        output.Add((byte)value);
    }

    private static bool TryReadVarint(ref ReadOnlySpan<byte> input, out ulong value)
    {
        value = 0;
        for (var index = 0; index < input.Length && index < MaxVarint; index++)
        {
            value |= (ulong)(input[index] & 0x7f) << (7 * index);
            if (input[index] <= 0x7f)
            {
                input = input[(index + 1)..];
                return true;
            }
        }

        return false;
    }
}
