using System.Buffers;
using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NearCache.Rules;

/// <summary>The content of the registry's znode: the set, the stops, and the last edits.</summary>
/// <remarks>The set has the same bytes as on the memcached servers. <c>docs/formats.md</c> has examples.</remarks>
internal sealed class RegistryDocument
{
    /// <summary>The version of the format. Documents with a higher number are left alone.</summary>
    public const int Format = 1;

    /// <summary>The number of edits that are kept.</summary>
    public const int MaxHistory = 32;

    /// <summary>The largest document, in bytes. Well below the limit of ZooKeeper.</summary>
    public const int MaxBytes = 192 * 1024;

    /// <summary>
    /// The most bytes that the details of edits may take. Older versions keep them and add stops and edits, and must stay below
    /// <see cref="MaxBytes"/>.
    /// </summary>
    public const int MaxDetailBytes = 48 * 1024;

    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] Known = ["format", "set", "stops", "history", "changes"];
    private static readonly string[] KnownOfEdit = ["revision", "who", "why", "when", "verified"];

    // unknown members of the JSON
    private readonly UnknownMembers _others;

    public RegistryDocument(RuleSet set, StopSet stops, ImmutableArray<RuleEdit> history)
        : this(set, stops, history, UnknownMembers.None)
    {
    }

    private RegistryDocument(RuleSet set, StopSet stops, ImmutableArray<RuleEdit> history, UnknownMembers others) =>
        (Set, Stops, History, _others) = (set, stops, history, others);

    /// <summary>Gets the rules.</summary>
    public RuleSet Set { get; }

    /// <summary>Gets the stops that were put and not cleared.</summary>
    public StopSet Stops { get; }

    /// <summary>Gets the last edits, oldest first.</summary>
    public ImmutableArray<RuleEdit> History { get; }

    /// <summary>Returns the document after an edit of the rules. Stops that the set clears are removed.</summary>
    /// <param name="set">The rules after the edit.</param>
    /// <param name="who">The author.</param>
    /// <param name="why">The reason.</param>
    /// <param name="when">The time.</param>
    /// <param name="put">Stops that the edit puts; null for none.</param>
    /// <param name="isVerified">Whether the identity of the author was verified.</param>
    public RegistryDocument Edited(
        RuleSet set, string who, string why, DateTimeOffset when, StopSet? put = null, bool isVerified = false)
    {
        var stops = Stops.Union(put ?? StopSet.None).Without(set.Cleared);
        var edit = new RuleEdit(set.Revision, Stop.Cut(who, Stop.MaxWho), Stop.Cut(why, Stop.MaxWhy), when)
        {
            IsVerified = isVerified,
            Details = EditDetails.Between(this, set, stops),
        };
        return new RegistryDocument(set, stops, [.. History.Append(edit).TakeLast(MaxHistory)], _others);
    }

    /// <summary>Returns the document with added stops, without those that the set clears.</summary>
    public RegistryDocument Stopped(StopSet stops) => new(Set, Stops.Union(stops).Without(Set.Cleared), History, _others);

    /// <summary>Returns the bytes of the znode. Details of the oldest edits are left out as far as they do not fit.</summary>
    public byte[] Write()
    {
        var bare = Write([]);
        var details = EditDetails.Newest(History, Math.Min(MaxDetailBytes, MaxBytes - bare.Length));
        return details is [] ? bare : Write(details);
    }

    private byte[] Write(IReadOnlyList<EditDetails> details)
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

            if (details is not [])
            {
                writer.WriteStartArray("changes"u8);
                foreach (var one in details)
                {
                    writer.WriteRawValue(one.Json, skipInputValidation: true);
                }

                writer.WriteEndArray();
            }

            _others.WriteTo(writer);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a document. Returns false and the reason if this process cannot use it.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out RegistryDocument document, out UnreadableReason why)
    {
        document = new RegistryDocument(RuleSet.Empty, StopSet.None, []);
        why = default;
        if (content.Length > MaxBytes)
        {
            why = new UnreadableReason(false, $"it has {content.Length} bytes, more than {MaxBytes}");
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
            var details = EditDetails.Read(root);
            ImmutableArray<RuleEdit> history = root.TryGetProperty("history", out var edits)
                ? [.. edits.EnumerateArray().Select(ReadEdit).Select(edit =>
                    edit with { Details = details.GetValueOrDefault(edit.Revision) })]
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
            if (edit.IsVerified)
            {
                writer.WriteBoolean("verified"u8, true);
            }

            edit.Others.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static RuleEdit ReadEdit(JsonElement element) => new(
        element.GetProperty("revision").GetInt64(), RuleSetFormat.Text(element, "who"), RuleSetFormat.Text(
            element, "why"), StopsFormat.Time(RuleSetFormat.Text(element, "when")))
    {
        IsVerified = StopsFormat.IsVerified(element),
        Others = UnknownMembers.Of(element, KnownOfEdit, Stop.MaxOthers),
    };
}

/// <summary>The author and the reason of a revision.</summary>
/// <param name="Revision">The revision.</param>
/// <param name="Who">The author.</param>
/// <param name="Why">The reason.</param>
/// <param name="When">The time, in UTC, by the clock of the author's machine.</param>
internal sealed record RuleEdit(long Revision, string Who, string Why, DateTimeOffset When)
{
    /// <summary>Gets whether the program that edited has verified the identity of <see cref="Who"/>.</summary>
    public bool IsVerified { get; init; }

    /// <summary>Gets what the edit changed; null if that is not recorded.</summary>
    public EditDetails? Details { get; init; }

    /// <summary>Gets the unknown members of its JSON.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;
}
