using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NearCache.Rules;

/// <summary>What one edit of the registry changed, as JSON: each rule before and after it, and the stops that it cleared and put.</summary>
/// <remarks>
/// Information for people. It is read only when it is shown or undone, so that details that cannot be read never make the rules
/// unreadable. <c>docs/formats.md</c> has an example.
/// </remarks>
internal sealed record EditDetails(string Json)
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Returns what an edit changes.</summary>
    /// <param name="before">The registry before the edit.</param>
    /// <param name="set">The rules after it.</param>
    /// <param name="stops">The stops after it.</param>
    public static EditDetails Between(RegistryDocument before, RuleSet set, StopSet stops)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("revision"u8, set.Revision);
            writer.WriteStartArray("rules"u8);
            foreach (var change in RuleDifference.Between(before.Set.Rules, set.Rules))
            {
                change.WriteTo(writer);
            }

            writer.WriteEndArray();
            var cleared = before.Stops.Stops.Where(stop => stops.Stops.All(left => left.Id != stop.Id)).ToArray();
            if (cleared is not [])
            {
                writer.WritePropertyName("cleared"u8);
                StopsFormat.Write(writer, StopSet.Of(cleared));
            }

            var put = stops.Stops.Where(stop => before.Stops.Stops.All(old => old.Id != stop.Id)).ToArray();
            if (put is not [])
            {
                writer.WriteStartArray("put"u8);
                Array.ForEach(put, stop => writer.WriteStringValue(stop.Id));
                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        return new EditDetails(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    /// <summary>Returns the details in a document by revision. Skips what cannot be attributed.</summary>
    public static Dictionary<long, EditDetails> Read(JsonElement document)
    {
        Dictionary<long, EditDetails> details = [];
        if (document.TryGetProperty("changes", out var changes) && changes.ValueKind == JsonValueKind.Array)
        {
            foreach (var change in changes.EnumerateArray())
            {
                if (change.ValueKind == JsonValueKind.Object
                    && change.TryGetProperty("revision", out var revision)
                    && revision.ValueKind == JsonValueKind.Number
                    && revision.TryGetInt64(out var number)
                    && TextOf(change) is { } json)
                {
                    details[number] = new EditDetails(json);
                }
            }
        }

        return details;
    }

    // Null if it is not UTF-8.
    private static string? TextOf(JsonElement change)
    {
        try
        {
            return change.GetRawText();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>Returns the details of the newest edits, oldest first, as many as fit.</summary>
    /// <param name="history">The edits, oldest first.</param>
    /// <param name="bytes">The room for them, with the name of the member.</param>
    public static IReadOnlyList<EditDetails> Newest(ImmutableArray<RuleEdit> history, int bytes)
    {
        const int BytesOfMember = 16;
        var left = bytes - BytesOfMember;
        List<EditDetails> newest = [];
        foreach (var details in history.Reverse().Select(edit => edit.Details).OfType<EditDetails>())
        {
            left -= Encoding.UTF8.GetByteCount(details.Json) + 1;
            if (left < 0)
            {
                break;
            }

            newest.Add(details);
        }

        newest.Reverse();
        return newest;
    }

    /// <summary>Parses the details. Returns null if they cannot be read.</summary>
    public EditContent? Parse()
    {
        try
        {
            using var json = JsonDocument.Parse(Json);
            var root = json.RootElement;
            return new EditContent(
                [.. root.GetProperty("rules").EnumerateArray().Select(RuleDifference.Read)],
                root.TryGetProperty("cleared", out var cleared) ? StopsFormat.Read(cleared) : StopSet.None,
                root.TryGetProperty("put", out var put)
                    ? [.. put.EnumerateArray().Select(id => id.GetString() ?? throw new FormatException("put holds a null"))]
                    : []);
        }
        catch (Exception exception) when (RuleSetFormat.IsUnreadable(exception))
        {
            return null;
        }
    }
}

/// <summary>The parsed <see cref="EditDetails"/>.</summary>
/// <param name="Rules">The changed rules.</param>
/// <param name="Cleared">The stops that the edit cleared.</param>
/// <param name="Put">The ids of the stops that the edit put.</param>
internal sealed record EditContent(ImmutableArray<RuleDifference> Rules, StopSet Cleared, ImmutableArray<string> Put)
{
    /// <summary>Gets whether the edit changed neither a rule nor a stop.</summary>
    public bool IsEmpty => Rules.IsEmpty && Cleared.Stops.IsEmpty && Put.IsEmpty;
}
