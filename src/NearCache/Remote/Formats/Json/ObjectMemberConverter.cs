using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// Converts members of type <see cref="object"/>. They are read as <see cref="JsonElement"/>, so nothing else may be written.
/// </summary>
internal sealed class ObjectMemberConverter : JsonConverter<object>
{
    public override object? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        options.UnknownTypeHandling == JsonUnknownTypeHandling.JsonNode ? JsonNode.Parse(ref reader) : JsonElement.ParseValue(ref reader);

    public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
    {
        switch (value)
        {
            case JsonElement element:
                element.WriteTo(writer);
                break;
            case JsonDocument document:
                document.WriteTo(writer);
                break;
            case JsonNode node:
                node.WriteTo(writer, options);
                break;
            default:
                throw new NotSupportedException(
                    $"A member or element of type object is a {TypeNames.Of(value.GetType())}, and would be read as a JsonElement. "
                        + "Declare its own type, or JsonElement "
                    + "(JsonSerializer.SerializeToElement makes one). Or give object a JsonConverter, or add it to "
                    + "NearCacheOptions.LossyTypes if reading a JsonElement is acceptable.");
        }
    }
}
