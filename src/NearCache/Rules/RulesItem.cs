using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.Rules;

/// <summary>The content of a memcached server's rules item: the set, the stops, and how far it has settled.</summary>
/// <remarks>
/// One line of text, then the stops and the set as JSON; <c>docs/formats.md</c> has it byte for byte. Stops are in the same item as the
/// set, so that the flags that every audit reads also show a stop.
/// </remarks>
/// <param name="Incarnation">A random number, chosen by the process that added the item. Replacing keeps it.</param>
/// <param name="Settled">The highest revision whose rules have been here for a whole lease.</param>
/// <param name="Stops">The stops.</param>
/// <param name="Set">The set.</param>
internal sealed record RulesItem(ulong Incarnation, long Settled, StopSet Stops, RuleSet Set)
{
    /// <summary>The version of the format. Items with a higher number are left alone.</summary>
    public const int Format = 1;

    private const string Magic = "ncrules";

    // Longer than any first line can be.
    private const int MaxHeader = 80;

    /// <summary>Gets the client flags of the item. They change with everything but <see cref="Settled"/>.</summary>
    public uint Flags => Hash(Incarnation, Set.Revision, StopsFormat.Write(Stops).Span, Set.Content.Span);

    /// <summary>Returns the value of the item.</summary>
    public ReadOnlyMemory<byte> Encode()
    {
        var stops = StopsFormat.Write(Stops);
        var header = string.Create(CultureInfo.InvariantCulture, $"{Magic} {Format} {Incarnation:x16} {Settled} {stops.Length}\n");
        return (byte[])[.. Encoding.ASCII.GetBytes(header), .. stops.Span, .. Set.Content.Span];
    }

    /// <summary>Decodes an item. Returns false and the reason if this process cannot use it.</summary>
    /// <param name="value">The value of the item.</param>
    /// <param name="flags">The client flags of the item.</param>
    /// <param name="item">The content.</param>
    /// <param name="why">The reason.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> value, uint flags, out RulesItem item, out UnreadableReason why)
    {
        item = new RulesItem(0, 0, StopSet.None, RuleSet.Empty);
        var end = value.Span[..Math.Min(value.Length, MaxHeader)].IndexOf((byte)'\n');
        var words = end < 0 ? [] : Encoding.ASCII.GetString(value.Span[..end]).Split(' ');
        if (words is not [Magic, var number, ..]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var format)
            || format < Format)
        {
            why = new UnreadableReason(false, "its first line is not that of a rules item");
            return false;
        }

        if (format > Format)
        {
            why = new UnreadableReason(true, $"it has format {format}, and this process reads {Format}");
            return false;
        }

        if (words is not [_, _, { Length: 16 } hex, var revision, var length]
            || !ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var incarnation)
            || !long.TryParse(revision, NumberStyles.None, CultureInfo.InvariantCulture, out var settled)
            || !int.TryParse(length, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            || bytes > value.Length - end - 1)
        {
            why = new UnreadableReason(false, "its first line is broken");
            return false;
        }

        var (stopBytes, setBytes) = (value.Slice(end + 1, bytes), value[(end + 1 + bytes)..]);
        if (!RuleSetFormat.TryRead(setBytes, out var set, out why))
        {
            return false;
        }

        if (flags != Hash(incarnation, set.Revision, stopBytes.Span, setBytes.Span))
        {
            why = new UnreadableReason(false, "its flags do not fit its content");
            return false;
        }

        if (!StopsFormat.TryRead(stopBytes, out var stops, out why))
        {
            return false;
        }

        item = new RulesItem(incarnation, settled, stops, set);
        return true;
    }

    /// <summary>
    /// Reads a stop that was put by hand: an item whose text begins with <c>stop</c>. It is not a set; a process with a set replaces it and
    /// keeps the stop.
    /// </summary>
    /// <param name="value">The value of the item.</param>
    /// <param name="server">The server of the item.</param>
    /// <param name="cas">The CAS value of the item: the same text, stored again, is another stop.</param>
    public static Stop? ReadByHand(ReadOnlySpan<byte> value, string server, ulong cas)
    {
        if (!value.StartsWith("stop"u8) || (value.Length > 4 && value[4] > (byte)' '))
        {
            return null;
        }

        var text = Encoding.UTF8.GetString(value).Trim();
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{server} {cas} {text}")));
        var why = text["stop".Length..].Trim();
        return new Stop(
            $"hand-{Convert.ToHexStringLower(hash.AsSpan(0, 8))}", null, "by hand", Stop.Cut(why, Stop.MaxWhy), DateTimeOffset.UnixEpoch);
    }

    private static uint Hash(ulong incarnation, long revision, ReadOnlySpan<byte> stops, ReadOnlySpan<byte> set)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> numbers = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(numbers, incarnation);
        BinaryPrimitives.WriteInt64BigEndian(numbers[8..], revision);
        hash.AppendData(numbers);
        hash.AppendData(stops);
        hash.AppendData(set);

        // An item without flags has zero.
        return Math.Max(BinaryPrimitives.ReadUInt32BigEndian(hash.GetHashAndReset()), 1);
    }
}
