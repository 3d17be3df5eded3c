using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NearCache.Rules;

/// <summary>What the registry's znode holds: the set, the stops, and the last edits.</summary>
/// <remarks>
/// The set stands in it byte for byte as it travels to the memcached servers. <c>docs/formats.md</c> has the format with examples.
/// </remarks>
internal sealed class RegistryDocument
{
    /// <summary>The format that is written here. A higher number is left alone.</summary>
    public const int Format = 1;

    /// <summary>How many edits are kept.</summary>
    public const int MostHistory = 32;

    /// <summary>The largest document, in bytes: well below what ZooKeeper takes.</summary>
    public const int MostBytes = 192 * 1024;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] Known = ["format", "set", "stops", "history"];
    private static readonly string[] KnownOfEdit = ["revision", "who", "why", "when"];

    // Members of the JSON that are not known here.
    private readonly UnknownMembers _others;

    public RegistryDocument(RuleSet set, StopSet stops, ImmutableArray<RuleEdit> history)
        : this(set, stops, history, UnknownMembers.None)
    {
    }

    private RegistryDocument(RuleSet set, StopSet stops, ImmutableArray<RuleEdit> history, UnknownMembers others) =>
        (Set, Stops, History, _others) = (set, stops, history, others);

    /// <summary>The rules.</summary>
    public RuleSet Set { get; }

    /// <summary>The stops that have been seen and not cleared.</summary>
    public StopSet Stops { get; }

    /// <summary>The last edits, oldest first.</summary>
    public ImmutableArray<RuleEdit> History { get; }

    /// <summary>The document after an edit of the rules; what the set clears is gone from the stops.</summary>
    public RegistryDocument Edited(RuleSet set, string who, string why, DateTimeOffset when)
    {
        var edit = new RuleEdit(set.Revision, Stop.Cut(who, Stop.MostWho), Stop.Cut(why, Stop.MostWhy), when);
        return new RegistryDocument(set, Stops.Without(set.Cleared), [.. History.Append(edit).TakeLast(MostHistory)], _others);
    }

    /// <summary>The document with stops added; the set clears those that it names.</summary>
    public RegistryDocument Stopped(StopSet stops) => new(Set, Stops.Union(stops).Without(Set.Cleared), History, _others);

    /// <summary>The bytes of the znode.</summary>
    public byte[] Write()
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, Format);
            writer.WritePropertyName("set"u8);
            writer.WriteRawValue(Set.Content.Span, skipInputValidation: true);
            if (!Stops.Stops.IsEmpty)
            {
                writer.WritePropertyName("stops"u8);
                StopsFormat.Write(writer, Stops);
            }

            if (!History.IsEmpty)
            {
                WriteHistory(writer);
            }

            _others.WriteTo(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a document. False: it cannot be used here, and why.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out RegistryDocument document, out UnreadableReason why)
    {
        document = new RegistryDocument(RuleSet.Empty, StopSet.None, []);
        why = default;
        if (content.Length > MostBytes)
        {
            why = new UnreadableReason(false, $"it has {content.Length} bytes, more than {MostBytes}");
            return false;
        }

        try
        {
            using var json = JsonDocument.Parse(content);
            var root = json.RootElement;
            var format = root.GetProperty("format").GetInt32();
            if (format != Format)
            {
                why = new UnreadableReason(format > Format, $"it has format {format}, and this process reads {Format}");
                return false;
            }

            if (!RuleSetFormat.TryRead(System.Text.Encoding.UTF8.GetBytes(root.GetProperty("set").GetRawText()), out var set, out why))
            {
                return false;
            }

            var stops = root.TryGetProperty("stops", out var stopped) ? StopsFormat.Read(stopped) : StopSet.None;
            ImmutableArray<RuleEdit> history = root.TryGetProperty("history", out var edits)
                ? [.. edits.EnumerateArray().Select(ReadEdit)]
                : [];
            document = new RegistryDocument(set, stops, history, UnknownMembers.Of(root, Known));
            return true;
        }
        catch (Exception exception) when (RuleSetFormat.IsUnreadable(exception))
        {
            why = new UnreadableReason(false, exception.Message);
            return false;
        }
    }

    private void WriteHistory(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("history"u8);
        foreach (var edit in History)
        {
            writer.WriteStartObject();
            writer.WriteNumber("revision"u8, edit.Revision);
            writer.WriteString("who"u8, edit.Who);
            writer.WriteString("why"u8, edit.Why);
            writer.WriteString("when"u8, StopsFormat.Time(edit.When));
            edit.Others.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static RuleEdit ReadEdit(JsonElement element) => new(
        element.GetProperty("revision").GetInt64(), RuleSetFormat.Text(element, "who"), RuleSetFormat.Text(
            element, "why"), StopsFormat.Time(RuleSetFormat.Text(element, "when")))
    {
        Others = UnknownMembers.Of(element, KnownOfEdit, Stop.MostOthers),
    };
}

/// <summary>Who made a revision of the rules, and why.</summary>
/// <param name="Revision">The revision that it made.</param>
/// <param name="Who">Who or what.</param>
/// <param name="Why">Why.</param>
/// <param name="When">When, in UTC, by the clock of who made it.</param>
internal sealed record RuleEdit(long Revision, string Who, string Why, DateTimeOffset When)
{
    /// <summary>Members of its JSON that are not known here.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;
}
