using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// Writes dates like the serializer, but refuses a local time whose UTC time is before year 1 or after year 9999: with its offset it
/// cannot be read back.
/// </summary>
/// <param name="local">The local time zone. Default: that of the process.</param>
internal sealed class StrictDateTimeConverter(TimeZoneInfo? local = null) : JsonConverter<DateTime>
{
    private const int MaxLength = 40;   // of a date with quotes
    private const long MaxOffset = 14 * TimeSpan.TicksPerHour;

    public override DateTime Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTime();

    public override void Write(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options) =>
        writer.WriteStringValue(Checked(value));

    public override DateTime ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var quoted = new Utf8JsonReader(Encoding.UTF8.GetBytes($"\"{reader.GetString()}\""));
        quoted.Read();
        return quoted.GetDateTime();
    }

    public override void WriteAsPropertyName(Utf8JsonWriter writer, DateTime value, JsonSerializerOptions options)
    {
        var text = new ArrayBufferWriter<byte>(MaxLength);
        using (var quoted = new Utf8JsonWriter(text))
        {
            quoted.WriteStringValue(Checked(value));
        }

        // The plus sign of an offset is not escaped.
        writer.WritePropertyName(JsonEncodedText.Encode(text.WrittenSpan[1..^1], JavaScriptEncoder.UnsafeRelaxedJsonEscaping));
    }

    private DateTime Checked(DateTime value)
    {
        var isNearLimit = value.Ticks < MaxOffset || value.Ticks > DateTime.MaxValue.Ticks - MaxOffset;
        if (value.Kind == DateTimeKind.Local && isNearLimit)
        {
            var offset = (local ?? TimeZoneInfo.Local).GetUtcOffset(DateTime.SpecifyKind(value, DateTimeKind.Unspecified));
            var utc = value.Ticks - offset.Ticks;
            if (utc < 0 || utc > DateTime.MaxValue.Ticks)
            {
                throw new ArgumentException(
                    $"The UTC time of the local time {value:O} is before year 1 or after year 9999, so it cannot be read back. Store a "
                        + "DateTime of kind Utc or Unspecified.",
                    nameof(value));
            }
        }

        return value;
    }
}
