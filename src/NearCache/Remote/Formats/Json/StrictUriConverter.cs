using System.Text.Json;
using System.Text.Json.Serialization;

namespace NearCache.Remote.Formats.Json;

/// <summary>Writes URIs like the serializer, but refuses an unpaired surrogate, which would be read back as U+FFFD.</summary>
internal sealed class StrictUriConverter : JsonConverter<Uri>
{
    public override Uri? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.GetString() is not { } text ? null
        : Uri.TryCreate(text, UriKind.RelativeOrAbsolute, out var uri) ? uri
        : throw new JsonException("The text is not a URI.");

    public override void Write(Utf8JsonWriter writer, Uri value, JsonSerializerOptions options) => writer.WriteStringValue(Checked(value));

    public override Uri ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        Read(ref reader, typeToConvert, options)!;

    public override void WriteAsPropertyName(Utf8JsonWriter writer, Uri value, JsonSerializerOptions options) =>
        writer.WritePropertyName(Checked(value));

    private static string Checked(Uri value) =>
        StrictUtf8.IsWellFormed(value.OriginalString)
            ? value.OriginalString
            : throw StrictUtf8.LoneSurrogate("A URI of the value", nameof(value));
}
