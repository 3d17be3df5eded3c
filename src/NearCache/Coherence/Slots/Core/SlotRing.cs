using System.Buffers.Binary;
using NearCache.Coherence.Core;

namespace NearCache.Coherence.Slots.Core;

/// <summary>The content of a slot: the newest announcements of all its writers, oldest first, in at most 4 KiB.</summary>
/// <remarks>
/// Bytes: format (1); number of servers; the hash of each server's identity (8, big endian); the sequence number of the oldest announcement
/// (8, big endian); the number of announcements (2, big endian); the announcements (<see cref="SlotEncoding"/>). No bytes mean an empty
/// ring. docs/formats.md has the test vectors. Announcements are numbered without gaps, so that a reader knows which ones it has seen, and
/// whether it missed some.
/// </remarks>
internal sealed class SlotRing
{
    /// <summary>The most bytes of a slot.</summary>
    public const int MaxBytes = 4096;

    private const byte Format = 1;
    private const int Header = 12;
    private const int MaxServers = 255;

    private SlotRing(long first, IReadOnlyList<Announcement> announcements, bool isNewer = false)
    {
        First = first;
        Announcements = announcements;
        IsNewer = isNewer;
    }

    /// <summary>Gets a ring without announcements.</summary>
    public static SlotRing Empty { get; } = new(1, []);

    /// <summary>
    /// Creates a ring for a slot that may have existed before. It starts at a random high number, so that readers of the old ring take no
    /// announcement for seen.
    /// </summary>
    public static SlotRing Fresh(Random random) => new(random.NextInt64(1L << 40, 1L << 62), []);

    /// <summary>Gets the sequence number of the oldest announcement in the ring; of the next one if the ring is empty.</summary>
    public long First { get; }

    /// <summary>Gets the sequence number of the next announcement.</summary>
    public long Next => First + Announcements.Count;

    /// <summary>
    /// Gets whether the ring is empty and starts at the first number, as a slot without bytes does. Its node may have been deleted and
    /// created, so it is not continued: see <see cref="Fresh"/>.
    /// </summary>
    public bool IsUnused => First == 1 && Announcements.Count == 0 && !IsNewer;

    /// <summary>Gets the announcements, oldest first.</summary>
    public IReadOnlyList<Announcement> Announcements { get; }

    /// <summary>Gets whether the ring has a newer format. It is neither read nor overwritten.</summary>
    public bool IsNewer { get; }

    /// <summary>
    /// Decodes a slot. Returns false if it is broken; a writer may replace it by <see cref="Empty"/> and its announcements.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out SlotRing ring)
    {
        ring = Empty;
        if (bytes.IsEmpty)
        {
            return true;
        }

        if (bytes[0] > Format)
        {
            ring = new SlotRing(1, [], isNewer: true);
            return true;
        }

        if (bytes[0] != Format || bytes.Length < Header || bytes.Length < Header + (8 * bytes[1]))
        {
            return false;
        }

        var servers = new ulong[bytes[1]];
        for (var server = 0; server < servers.Length; server++)
        {
            servers[server] = BinaryPrimitives.ReadUInt64BigEndian(bytes[(2 + (8 * server))..]);
        }

        var input = bytes[(2 + (8 * servers.Length))..];
        var first = BinaryPrimitives.ReadInt64BigEndian(input);
        var count = BinaryPrimitives.ReadUInt16BigEndian(input[8..]);
        input = input[10..];
        if (count * SlotEncoding.MinBytes > input.Length)
        {
            // Nothing is allocated for announcements that are not there.
            return false;
        }

        var announcements = new Announcement[count];
        for (var index = 0; index < announcements.Length; index++)
        {
            if (!SlotEncoding.TryRead(ref input, servers, out var announcement))
            {
                return false;
            }

            announcements[index] = announcement!;
        }

        ring = new SlotRing(first, announcements);
        return input.IsEmpty;
    }

    /// <summary>Appends newer announcements, and drops the oldest ones that no longer fit.</summary>
    public SlotRing Merge(IReadOnlyList<Announcement> newest)
    {
        List<Announcement> all = [.. Announcements, .. newest];
        var servers = new HashSet<ulong>();
        var size = Header;
        var kept = all.Count;
        for (; kept > 0; kept--)
        {
            var candidate = all[kept - 1];
            size += SizeOf(candidate) + (servers.Add(candidate.Server) ? 8 : 0);
            if (size > MaxBytes || servers.Count > MaxServers)
            {
                break;
            }
        }

        return new SlotRing(First + kept, all[kept..]);
    }

    /// <summary>Returns the bytes to store.</summary>
    public byte[] Encode()
    {
        List<ulong> servers = [.. Announcements.Select(announcement => announcement.Server).Distinct()];
        List<byte> output = [Format, (byte)servers.Count];
        Span<byte> eight = stackalloc byte[8];
        foreach (var server in servers)
        {
            BinaryPrimitives.WriteUInt64BigEndian(eight, server);
            output.AddRange(eight);
        }

        BinaryPrimitives.WriteInt64BigEndian(eight, First);
        output.AddRange(eight);
        BinaryPrimitives.WriteUInt16BigEndian(eight, (ushort)Announcements.Count);
        output.AddRange(eight[..2]);
        foreach (var announcement in Announcements)
        {
            SlotEncoding.Write(output, announcement, servers.IndexOf(announcement.Server));
        }

        return [.. output];
    }

    private static int SizeOf(Announcement announcement)
    {
        List<byte> output = [];
        SlotEncoding.Write(output, announcement, 0);
        return output.Count;
    }
}
