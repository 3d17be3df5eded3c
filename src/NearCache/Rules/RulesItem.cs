using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace NearCache.Rules;

/// <summary>What the rules item of a memcached server holds: the set, the stops, and how far it has settled there.</summary>
/// <remarks>
/// One line of text, then the stops and the set as JSON; <c>docs/formats.md</c> has it byte for byte. Stops stand in the same item as the
/// set, so that the one look at its flags that every audit takes also sees a stop.
/// </remarks>
/// <param name="Incarnation">Random, chosen by whoever added the item; replacing keeps it.</param>
/// <param name="Settled">Rules with a since up to this revision have been here for a whole lease.</param>
/// <param name="Stops">The stops.</param>
/// <param name="Set">The set.</param>
internal sealed record RulesItem(ulong Incarnation, long Settled, StopSet Stops, RuleSet Set)
{
    /// <summary>The format that is written here. A higher number is left alone.</summary>
    public const int Format = 1;

    private const string Magic = "ncrules";

    // Longer than any first line can be.
    private const int MostHeader = 80;

    /// <summary>The item's client flags: they change whenever anything changes but <see cref="Settled"/>.</summary>
    public uint Flags => Hash(Incarnation, Set.Revision, StopsFormat.Write(Stops).Span, Set.Content.Span);

    /// <summary>The item's value.</summary>
    public ReadOnlyMemory<byte> Encode()
    {
        var stops = StopsFormat.Write(Stops);
        var header = string.Create(CultureInfo.InvariantCulture, $"{Magic} {Format} {Incarnation:x16} {Settled} {stops.Length}\n");
        return (byte[])[.. Encoding.ASCII.GetBytes(header), .. stops.Span, .. Set.Content.Span];
    }

    /// <summary>Reads an item. False: it cannot be used here, and why.</summary>
    /// <param name="value">The item's value.</param>
    /// <param name="flags">Its client flags.</param>
    /// <param name="item">What it holds.</param>
    /// <param name="why">Why not.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> value, uint flags, out RulesItem item, out UnreadableReason why)
    {
        item = new RulesItem(0, 0, StopSet.None, RuleSet.Empty);
        var end = value.Span[..Math.Min(value.Length, MostHeader)].IndexOf((byte)'\n');
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
    /// A stop that someone put by hand: an item whose text begins with <c>stop</c>. It is not a set; whoever has one replaces it, and keeps
    /// the stop.
    /// </summary>
    /// <param name="value">The item's value.</param>
    /// <param name="server">The server that has it.</param>
    /// <param name="cas">The item's CAS number there: the same words put another time are another stop.</param>
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
            $"hand-{Convert.ToHexStringLower(hash.AsSpan(0, 8))}", null, "by hand", Stop.Cut(why, Stop.MostWhy), DateTimeOffset.UnixEpoch);
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

        // Zero is what an item has that nobody gave flags.
        return Math.Max(BinaryPrimitives.ReadUInt32BigEndian(hash.GetHashAndReset()), 1);
    }
}
