using System.Text.Json;
using System.Text.Json.Serialization;

namespace NearCache.Remote.Formats.Json;

/// <summary>Writes strings like the serializer, but refuses an unpaired surrogate, which would be read back as U+FFFD.</summary>
internal sealed class StrictStringConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString();

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Checked(value));

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString()!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) =>
        writer.WritePropertyName(Checked(value));

    private static string Checked(string value) =>
        StrictUtf8.IsWellFormed(value) ? value : throw StrictUtf8.LoneSurrogate("A text of the value", nameof(value));
}
