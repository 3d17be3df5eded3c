using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NearCache.Rules;

/// <summary>The JSON format of circuits; <c>docs/formats.md</c> has an example.</summary>
internal static class CircuitsFormat
{
    /// <summary>The version of the format. Items with a higher number are left alone.</summary>
    public const int Number = 1;

    private static readonly string[] States = ["closed", "open", "halfOpen"];
    private static readonly string[] Known = ["rule", "since", "state", "version", "trips", "who", "why"];
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes circuits, without white space.</summary>
    public static ReadOnlyMemory<byte> Write(IEnumerable<RuleCircuit> circuits)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, Number);
            writer.WriteStartArray("circuits"u8);
            foreach (var circuit in circuits)
            {
                Write(writer, circuit);
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Reads what <see cref="Write(IEnumerable{RuleCircuit})"/> wrote. Returns false for other content.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out IReadOnlyList<RuleCircuit> circuits, out UnreadableReason why)
    {
        circuits = [];
        why = default;
        try
        {
            using var document = JsonDocument.Parse(content);
            if (document.RootElement.GetProperty("format").GetInt32() is var format && format > Number)
            {
                why = new UnreadableReason(true, $"its format is {format}, and this version knows {Number}");
                return false;
            }

            circuits = [.. document.RootElement.GetProperty("circuits").EnumerateArray().Select(Read)];
            return true;
        }
        catch (Exception exception) when (RuleSetFormat.IsUnreadable(exception))
        {
            why = new UnreadableReason(false, exception.Message);
            return false;
        }
    }

    private static void Write(Utf8JsonWriter writer, RuleCircuit circuit)
    {
        writer.WriteStartObject();
        writer.WriteString("rule"u8, circuit.Rule);
        writer.WriteNumber("since"u8, circuit.Since);
        writer.WriteString("state"u8, States[(int)circuit.State]);
        writer.WriteNumber("version"u8, circuit.Version);
        writer.WriteStartArray("trips"u8);
        foreach (var trip in circuit.Trips)
        {
            writer.WriteStringValue(StopsFormat.Time(trip));
        }

        writer.WriteEndArray();
        writer.WriteString("who"u8, circuit.Who);
        writer.WriteString("why"u8, circuit.Why);
        circuit.Others.WriteTo(writer);
        writer.WriteEndObject();
    }

    private static RuleCircuit Read(JsonElement element) => new(
        RuleSetFormat.Text(element, "rule"),
        element.GetProperty("since").GetInt64(),
        Array.IndexOf(States, RuleSetFormat.Text(element, "state")) is >= 0 and var state
            ? (ChurnBreakerState)state
            : throw new FormatException($"a state is none of {string.Join(", ", States)}"),
        element.GetProperty("version").GetInt64() is > 0 and <= RuleCircuit.MaxVersion and var version
            ? version
            : throw new FormatException($"a version is not from 1 to {RuleCircuit.MaxVersion}"),
        [.. element.GetProperty("trips").EnumerateArray().Select(trip =>
            StopsFormat.Time(trip.GetString() ?? throw new FormatException("trips holds a null")))],
        Stop.Cut(RuleSetFormat.Text(element, "who"), Stop.MaxWho),
        Stop.Cut(RuleSetFormat.Text(element, "why"), Stop.MaxWhy))
    {
        Others = UnknownMembers.Of(element, Known, Stop.MaxOthers),
    };
}
