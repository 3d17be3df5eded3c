using NearCache.Coherence.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Slots;

public sealed class SlotRingTests
{
    private static readonly ulong Server = KeyHash.Of("cache-1.example:11211"u8).Value;

    // The vectors of docs/formats.md.
    private const string OneKey =
        "0101a2bf6f236ae884f500000000000000010001" + "01000502" + "A2CAA8CC8BF401" + "829208" + "01" + "02" + "0C70726F647563743A34373131";

    private const string OneMask = "0101a2bf6f236ae884f500000000000000010001" + "02008000000000000001";

    [Fact]
    public void A_slot_as_it_is_created_has_the_documented_bytes()
    {
        Assert.True(SlotRing.TryDecode(Convert.FromHexString("0100112210F47DE981150000"), out var ring));
        Assert.Equal((1_234_567_890_123_456_789, 0, false), (ring.First, ring.Announcements.Count, ring.IsUnused));
        Assert.Equal("0100112210F47DE981150000", Convert.ToHexString(ring.Encode()));
        var fresh = SlotRing.Fresh(new Random(1));
        Assert.InRange(fresh.First, 1L << 40, 1L << 62);
        Assert.Equal(12, fresh.Encode().Length);
    }

    [Fact]
    public void An_announcement_of_a_key_has_the_bytes_on_record()
    {
        var ring = SlotRing.Empty.Merge(
            [Key("product:4711", new MutationVersion(8_386_889_000_226, 66_689), new MutationVersion(8_386_889_000_225, 66_688))]);
        Assert.Equal(OneKey.ToUpperInvariant(), Convert.ToHexString(ring.Encode()));
    }

    [Fact]
    public void A_mask_of_segments_has_the_bytes_on_record()
    {
        var ring = SlotRing.Empty.Merge([new Announcement { Server = Server, Flushed = 1ul << 63 | 1 }]);
        Assert.Equal(OneMask.ToUpperInvariant(), Convert.ToHexString(ring.Encode()));
    }

    [Fact]
    public void What_was_written_is_read()
    {
        var random = new Random(7);
        var ring = SlotRing.Empty;
        for (var round = 0; round < 200; round++)
        {
            ring = ring.Merge([.. Enumerable.Range(0, random.Next(1, 6)).Select(_ => Any(random))]);
            var bytes = ring.Encode();

            Assert.InRange(bytes.Length, 1, SlotRing.MaxBytes);
            Assert.True(SlotRing.TryDecode(bytes, out var read));
            Assert.Equal((ring.First, ring.Next), (read.First, read.Next));
            Assert.Equal(ring.Announcements.Select(Text), read.Announcements.Select(Text));
        }

        Assert.True(ring.First > 300, "nothing fell off the front");
    }

    [Fact]
    public void The_oldest_fall_off_when_the_slot_is_full_and_the_numbers_go_on()
    {
        var ring = SlotRing.Empty;
        for (var key = 0; key < 500; key++)
        {
            ring = ring.Merge([Key($"key:{key}", new MutationVersion(key + 1, key + 1))]);
        }

        Assert.Equal(501, ring.Next);
        Assert.Equal($"key:{ring.First - 1}", System.Text.Encoding.UTF8.GetString(ring.Announcements[0].Key.Span));
        Assert.InRange(ring.Encode().Length, SlotRing.MaxBytes - 20, SlotRing.MaxBytes);
    }

    [Fact]
    public void No_bytes_are_an_empty_ring()
    {
        Assert.True(SlotRing.TryDecode([], out var ring));
        Assert.Equal(1, ring.Next);
    }

    [Fact]
    public void A_newer_format_is_left_alone()
    {
        Assert.True(SlotRing.TryDecode([2, 99, 99], out var ring));
        Assert.True(ring.IsNewer);
        Assert.Empty(ring.Announcements);
    }

    [Fact]
    public void Every_cut_and_every_changed_byte_is_refused_or_read_but_never_throws()
    {
        var bytes = Convert.FromHexString(OneKey);
        for (var length = 1; length < bytes.Length; length++)
        {
            Assert.False(SlotRing.TryDecode(bytes.AsSpan(0, length), out _));
        }

        var random = new Random(3);
        for (var round = 0; round < 20_000; round++)
        {
            var spoiled = bytes.ToArray();
            spoiled[random.Next(spoiled.Length)] = (byte)random.Next(256);
            spoiled[random.Next(spoiled.Length)] = (byte)random.Next(256);
            _ = SlotRing.TryDecode(spoiled, out _);
        }
    }

    private static Announcement Key(string key, params MutationVersion[] versions) =>
        new() { Server = Server, Segment = 5, Key = System.Text.Encoding.UTF8.GetBytes(key), Versions = versions };

    private static Announcement Any(Random random)
    {
        if (random.Next(10) == 0)
        {
            return new Announcement { Server = (ulong)random.Next(9), Flushed = (ulong)random.NextInt64(1, long.MaxValue) };
        }

        var key = new byte[random.Next(1, 251)];
        random.NextBytes(key);
        var n = random.NextInt64(1L << 48);
        var versions = Enumerable.Range(0, random.Next(Announcement.MaxVersions + 1))
            .Select(older => new MutationVersion(n - older, random.NextInt64(1L << 48)));
        return new Announcement
        {
            Server = (ulong)random.Next(9),
            Segment = random.Next(KeyHash.Segments),
            Key = key,
            Versions = [.. versions],
        };
    }

    private static string Text(Announcement announcement) =>
        $"{announcement.Server} {announcement.Segment} {announcement.Flushed} {Convert.ToHexString(announcement.Key.Span)} "
            + $"{string.Join(' ', announcement.Versions)}";
}
