using System.Text.Json;
using System.Text.Json.Serialization;

namespace NearCache.Remote.Formats.Json;

/// <summary>Writes characters like the serializer, but refuses an unpaired surrogate, which would be read back as U+FFFD.</summary>
internal sealed class StrictCharConverter : JsonConverter<char>
{
    public override char Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is { Length: 1 } text ? text[0] : throw new JsonException("A character is a text of one letter.");

    public override void Write(Utf8JsonWriter writer, char value, JsonSerializerOptions options) =>
        writer.WriteStringValue([Checked(value)]);

    public override char ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Read(ref reader, typeToConvert, options);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, char value, JsonSerializerOptions options) =>
        writer.WritePropertyName([Checked(value)]);

    private static char Checked(char value) =>
        char.IsSurrogate(value) ? throw StrictUtf8.LoneSurrogate("A character of the value", nameof(value)) : value;
}
