using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NearCache.Rules;

/// <summary>The JSON format of stops; <c>docs/formats.md</c> has examples.</summary>
internal static class StopsFormat
{
    // Milliseconds, always UTC: 2030-01-01T12:00:00.000Z
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private static readonly string[] Known = ["id", "rule", "who", "why", "when", "verified"];
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes stops as an array, in their order.</summary>
    public static ReadOnlyMemory<byte> Write(StopSet stops)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            Write(writer, stops);
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Writes stops into a document.</summary>
    public static void Write(Utf8JsonWriter writer, StopSet stops)
    {
        writer.WriteStartArray();
        foreach (var stop in stops.Stops)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, stop.Id);
            if (stop.Rule is { } rule)
            {
                writer.WriteString("rule"u8, rule);
            }

            writer.WriteString("who"u8, stop.Who);
            writer.WriteString("why"u8, stop.Why);
            writer.WriteString("when"u8, Time(stop.When));
            if (stop.IsVerified)
            {
                writer.WriteBoolean("verified"u8, true);
            }

            stop.Others.WriteTo(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Reads what <see cref="Write(StopSet)"/> wrote. Returns false for other content.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out StopSet stops, out UnreadableReason why)
    {
        stops = StopSet.None;
        why = default;
        try
        {
            using var document = JsonDocument.Parse(content);
            stops = Read(document.RootElement);
            return true;
        }
        catch (Exception exception) when (RuleSetFormat.IsUnreadable(exception))
        {
            why = new UnreadableReason(false, exception.Message);
            return false;
        }
    }

    /// <summary>Reads stops from a document. Throws what <see cref="RuleSetFormat.IsUnreadable"/> accepts.</summary>
    public static StopSet Read(JsonElement element) => StopSet.Of(element.EnumerateArray().Select(ReadOne));

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);

    public static DateTimeOffset Time(string text) =>
        DateTimeOffset.ParseExact(
            text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    /// <summary>Returns whether an author is marked as verified. Any other value than <c>true</c> counts as no mark.</summary>
    public static bool IsVerified(JsonElement element) =>
        element.TryGetProperty("verified", out var verified) && verified.ValueKind == JsonValueKind.True;

    private static Stop ReadOne(JsonElement element) => new(
        RuleSetFormat.Text(element, "id"),
        element.TryGetProperty("rule", out _) ? RuleSetFormat.Text(element, "rule") : null,
        Stop.Cut(RuleSetFormat.Text(element, "who"), Stop.MaxWho),
        Stop.Cut(RuleSetFormat.Text(element, "why"), Stop.MaxWhy),
        Time(RuleSetFormat.Text(element, "when")))
    {
        IsVerified = IsVerified(element),
        Others = UnknownMembers.Of(element, Known, Stop.MaxOthers),
    };
}
