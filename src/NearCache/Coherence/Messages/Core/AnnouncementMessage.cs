using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.Slots.Core;

namespace NearCache.Coherence.Messages.Core;

/// <summary>A message through a broker: announcements in the format of a slot, or none, which makes it a probe.</summary>
/// <remarks>
/// <para>
/// Bytes: format (1); the sender (8, big endian); its number (8); the number of members that the sender has heard (2); the length of the
/// ring (2); a ring (<see cref="SlotRing"/>) of at most 4 KiB; the number of signatures (1); for each the hash of a server (8) and the
/// signature (16). docs/formats.md has the test vectors.
/// </para>
/// <para>
/// Any program that reaches the broker can publish. An announcement that claims a version which belongs to another key would explain a
/// write whose key is never voided. So an announcement explains only if its message is signed for its server: by an HMAC with the identity
/// of the server as the key, which only programs know that can read the server. Without a valid signature it voids its key, and explains
/// nothing.
/// </para>
/// </remarks>
internal sealed class AnnouncementMessage
{
    /// <summary>The most bytes of a message. Longer ones are not read.</summary>
    public const int MaxBytes = Header + SlotRing.MaxBytes + 1 + (MaxSignatures * SignatureBytes);

    private const byte Format = 1;
    private const int Header = 21;
    private const int TagBytes = 16;
    private const int SignatureBytes = 8 + TagBytes;
    private const int MaxSignatures = 255;

    private readonly HashSet<ulong> _signed = [];

    /// <summary>Gets the hash of the member that sent the message.</summary>
    public required ulong Sender { get; init; }

    /// <summary>Gets the number that the sender gave the message. Numbers of a sender increase.</summary>
    public required long Number { get; init; }

    /// <summary>Gets the number of members that the sender has heard itself.</summary>
    public int Members { get; init; }

    /// <summary>Gets the announcements; empty in a probe.</summary>
    public IReadOnlyList<Announcement> Announcements { get; init; } = [];

    /// <summary>Gets whether a signature of any server is valid, so that the sender belongs to the namespace.</summary>
    public bool IsSigned => _signed.Count > 0;

    /// <summary>Returns whether the message is signed for a server, so that its announcements of that server explain.</summary>
    public bool IsSignedFor(ulong server) => _signed.Contains(server);

    /// <summary>Returns the bytes to publish.</summary>
    /// <param name="identities">The identity of each server for which the message is signed, by the hash of the server's name.</param>
    public byte[] Encode(IReadOnlyDictionary<ulong, string> identities)
    {
        var ring = Announcements.Count == 0 ? [] : SlotRing.Empty.Merge(Announcements).Encode();
        var signatures = identities.OrderBy(signature => signature.Key).Take(MaxSignatures).ToArray();
        var message = new byte[Header + ring.Length + 1 + (signatures.Length * SignatureBytes)];
        message[0] = Format;
        BinaryPrimitives.WriteUInt64BigEndian(message.AsSpan(1), Sender);
        BinaryPrimitives.WriteInt64BigEndian(message.AsSpan(9), Number);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(17), (ushort)Math.Min(Members, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(19), (ushort)ring.Length);
        ring.CopyTo(message.AsSpan(Header));
        var output = message.AsSpan(Header + ring.Length);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(message.AsSpan(0, Header + ring.Length), digest);
        output[0] = (byte)signatures.Length;
        output = output[1..];
        foreach (var (server, identity) in signatures)
        {
            BinaryPrimitives.WriteUInt64BigEndian(output, server);
            Sign(digest, identity, output[8..SignatureBytes]);
            output = output[SignatureBytes..];
        }

        return message;
    }

    /// <summary>Decodes a message. Returns false if it is not one, or in a newer format.</summary>
    /// <param name="bytes">Anything.</param>
    /// <param name="identityOf">Returns the identity of a server by the hash of its name; null if it is unknown.</param>
    /// <param name="message">The message.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, Func<ulong, string?> identityOf, out AnnouncementMessage? message)
    {
        message = null;
        if (bytes.Length is < Header + 1 or > MaxBytes || bytes[0] != Format)
        {
            return false;
        }

        var ringBytes = BinaryPrimitives.ReadUInt16BigEndian(bytes[19..]);
        if (ringBytes > SlotRing.MaxBytes || bytes.Length < Header + ringBytes + 1)
        {
            return false;
        }

        var signatures = bytes[(Header + ringBytes)..];
        if (signatures.Length != 1 + (signatures[0] * SignatureBytes)
            || !SlotRing.TryDecode(bytes.Slice(Header, ringBytes), out var ring)
            || ring.IsNewer)
        {
            return false;
        }

        message = new AnnouncementMessage
        {
            Sender = BinaryPrimitives.ReadUInt64BigEndian(bytes[1..]),
            Number = BinaryPrimitives.ReadInt64BigEndian(bytes[9..]),
            Members = BinaryPrimitives.ReadUInt16BigEndian(bytes[17..]),
            Announcements = ring.Announcements,
        };
        message.Verify(bytes[..(Header + ringBytes)], signatures[1..], identityOf);
        return true;
    }

    private static void Sign(ReadOnlySpan<byte> digest, string identity, Span<byte> tag)
    {
        Span<byte> whole = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(Encoding.ASCII.GetBytes(identity), digest, whole);
        whole[..TagBytes].CopyTo(tag);
    }

    private void Verify(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signatures, Func<ulong, string?> identityOf)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> expected = stackalloc byte[TagBytes];
        SHA256.HashData(content, digest);
        ulong? previous = null;
        for (; !signatures.IsEmpty; signatures = signatures[SignatureBytes..])
        {
            var server = BinaryPrimitives.ReadUInt64BigEndian(signatures);
            if (server <= previous)
            {
                // In ascending order no server is verified twice, so a message costs no more than this process has servers.
                return;
            }

            previous = server;
            if (identityOf(server) is not { } identity)
            {
                continue;
            }

            Sign(digest, identity, expected);
            if (CryptographicOperations.FixedTimeEquals(expected, signatures[8..SignatureBytes]))
            {
                _signed.Add(server);
            }
        }
    }
}
