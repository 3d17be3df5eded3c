using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Messages.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Tests.Coherence.Messages;

/// <summary>The format of messages, and what arbitrary bytes can do.</summary>
public sealed class AnnouncementMessageTests
{
    private const string Identity = "00112233445566778899aabbccddeeff";
    private static readonly ulong Server = KeyHash.Of("cache-1.example:11211"u8).Value;
    private static readonly ulong Other = KeyHash.Of("cache-2.example:11211"u8).Value;

    // The vectors of docs/formats.md: the header, the ring of one key, and one signature.
    private const string Header = "01" + "F5AD38285999BD85" + "0000000000000007" + "0003";
    private const string Ring =
        "0101A2BF6F236AE884F500000000000000010001" + "01000502" + "A2CAA8CC8BF401" + "829208" + "01" + "02" + "0C70726F647563743A34373131";

    private const string Signed = "01" + "A2BF6F236AE884F5" + "89F566D261377B6F927E62E2097D84B3";

    [Fact]
    public void A_message_has_the_bytes_on_record()
    {
        var bytes = Message(Key("product:4711")).Encode(Signatures(Server));
        Assert.Equal(Header + "0031" + Ring + Signed, Convert.ToHexString(bytes));
    }

    [Fact]
    public void A_probe_has_the_bytes_on_record()
    {
        var bytes = Message().Encode(Signatures());
        Assert.Equal(Header + "0000" + "00", Convert.ToHexString(bytes));
        Assert.True(AnnouncementMessage.TryDecode(bytes, IdentityOf, out var probe));
        Assert.Equal((7, 3, 0, false), (probe!.Number, probe.Members, probe.Announcements.Count, probe.IsSigned));
    }

    [Fact]
    public void What_was_written_is_read_and_is_signed_for_its_servers()
    {
        var message = Message(Key("product:1"), Key("product:2", Other));
        Assert.True(AnnouncementMessage.TryDecode(message.Encode(Signatures(Server)), IdentityOf, out var read));
        Assert.Equal((message.Sender, 7, 3), (read!.Sender, read.Number, read.Members));
        Assert.Equal(["product:1", "product:2"], read.Announcements.Select(one => Encoding.UTF8.GetString(one.Key.Span)));
        Assert.Equal((true, true, false), (read.IsSigned, read.IsSignedFor(Server), read.IsSignedFor(Other)));
    }

    [Fact]
    public void Another_identity_or_one_changed_byte_makes_it_unsigned()
    {
        var bytes = Message(Key("product:4711")).Encode(new Dictionary<ulong, string> { [Server] = new string('a', 32) });
        Assert.True(AnnouncementMessage.TryDecode(bytes, IdentityOf, out var read));
        Assert.False(read!.IsSigned);

        bytes = Message(Key("product:4711")).Encode(Signatures(Server));
        for (var at = 1; at < bytes.Length; at++)
        {
            var changed = bytes.ToArray();
            changed[at] ^= 1;
            Assert.True(
                !AnnouncementMessage.TryDecode(changed, IdentityOf, out var other) || !other!.IsSignedFor(Server),
                $"byte {at} is not signed");
        }
    }

    [Fact]
    public void However_often_a_server_is_named_its_signature_is_verified_once()
    {
        var bytes = Message(Key("product:4711")).Encode(new Dictionary<ulong, string> { [Server] = new string('a', 32) });
        var signature = bytes[^24..];
        var repeated = bytes[..^25].Append((byte)255).Concat(Enumerable.Repeat(signature, 255).SelectMany(one => one)).ToArray();
        var verified = 0;
        Assert.True(AnnouncementMessage.TryDecode(
            repeated,
            server =>
            {
                verified++;
                return IdentityOf(server);
            },
            out var read));
        Assert.Equal((1, false), (verified, read!.IsSigned));
    }

    [Fact]
    public void A_server_without_a_known_identity_signs_nothing()
    {
        var bytes = Message(Key("product:4711")).Encode(Signatures(Server));
        Assert.True(AnnouncementMessage.TryDecode(bytes, _ => null, out var read));
        Assert.False(read!.IsSigned);
    }

    [Fact]
    public void The_largest_message_is_read_and_a_larger_one_is_not()
    {
        var servers = Enumerable.Range(1, 300).ToDictionary(server => (ulong)server, _ => Identity);
        var announcements = Enumerable.Range(0, 500).Select(key => Key($"product:{key}")).ToArray();
        var bytes = Message(announcements).Encode(servers);
        Assert.InRange(bytes.Length, 10_000, AnnouncementMessage.MaxBytes);
        Assert.True(AnnouncementMessage.TryDecode(bytes, _ => Identity, out var read));
        Assert.InRange(read!.Announcements.Count, 100, 499);
        Assert.False(AnnouncementMessage.TryDecode(new byte[AnnouncementMessage.MaxBytes + 1], _ => Identity, out _));
    }

    [Fact]
    public void Arbitrary_bytes_are_refused_and_allocate_little()
    {
        var random = new Random(3);
        var bytes = Message(Key("product:4711"), Key("product:4712", Other)).Encode(Signatures(Server));
        var spoiled = new byte[AnnouncementMessage.MaxBytes];
        long most = 0;
        for (var round = 0; round < 50_000; round++)
        {
            var length = round % 2 == 0 ? bytes.Length : random.Next(spoiled.Length);
            random.NextBytes(spoiled.AsSpan(0, length));
            if (round % 2 == 0)
            {
                bytes.CopyTo(spoiled, 0);
                spoiled[random.Next(length)] = (byte)random.Next(256);
                spoiled[random.Next(length)] = (byte)random.Next(256);
            }
            else if (length > 0)
            {
                spoiled[0] = 1;
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            _ = AnnouncementMessage.TryDecode(spoiled.AsSpan(0, length), IdentityOf, out _);
            most = Math.Max(most, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.InRange(most, 0, 100_000);
    }

    [Fact]
    public void A_ring_that_claims_announcements_which_are_not_there_allocates_nothing_for_them()
    {
        var ring = Convert.FromHexString("0100" + "0000000000000001" + "FFFF");
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(SlotRing.TryDecode(ring, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10_000);
    }

    private static string? IdentityOf(ulong server) => server == Server ? Identity : null;

    private static Dictionary<ulong, string> Signatures(params ulong[] servers) => servers.ToDictionary(server => server, _ => Identity);

    private static AnnouncementMessage Message(params Announcement[] announcements) => new()
    {
        Sender = KeyHash.Of("product:4711"u8).Value,
        Number = 7,
        Members = 3,
        Announcements = announcements,
    };

    private static Announcement Key(string key, ulong? server = null) => new()
    {
        Server = server ?? Server,
        Segment = 5,
        Key = Encoding.UTF8.GetBytes(key),
        Versions = [new MutationVersion(8_386_889_000_226, 66_689), new MutationVersion(8_386_889_000_225, 66_688)],
    };
}
