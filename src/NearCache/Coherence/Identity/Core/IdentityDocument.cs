using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace NearCache.Coherence.Identity.Core;

/// <summary>
/// What processes tell each other through a server or through ZooKeeper: the identities of names, and the placements in use.
/// </summary>
/// <remarks>JSON, documented with an example in docs/formats.md, "Identities".</remarks>
/// <param name="Names">What is known of each name.</param>
/// <param name="Placements">The placements of keys, each with its beat.</param>
internal sealed record IdentityDocument(
    IReadOnlyDictionary<string, NameKnowledge> Names, IReadOnlyDictionary<string, long> Placements)
{
    /// <summary>The version of the format. Documents with a higher number are left alone.</summary>
    public const int Format = 1;

    /// <summary>The most bytes of a document. A larger one is not written, and one that is found is replaced.</summary>
    public const int MaxBytes = 131_072;

    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Gets a document that says nothing.</summary>
    public static IdentityDocument Empty { get; } =
        new(new Dictionary<string, NameKnowledge>(), new Dictionary<string, long>());

    /// <summary>Returns the bytes to store, without white space. Equal content gives equal bytes.</summary>
    public byte[] Encode()
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Writing))
        {
            writer.WriteStartObject();
            writer.WriteNumber("format"u8, Format);
            writer.WriteStartObject("servers"u8);
            foreach (var (name, knowledge) in Names.OrderBy(name => name.Key, StringComparer.Ordinal))
            {
                writer.WritePropertyName(name);
                Write(writer, knowledge);
            }

            writer.WriteEndObject();
            writer.WriteStartObject("placements"u8);
            foreach (var (placement, beat) in Placements.OrderBy(placement => placement.Key, StringComparer.Ordinal))
            {
                writer.WriteNumber(placement, beat);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>
    /// Returns the document without as many names as it takes to be at most <see cref="MaxBytes"/> large: names of servers that were
    /// replaced since would accumulate. Those without news for the longest time leave first.
    /// </summary>
    /// <param name="listed">The names that stay.</param>
    public IdentityDocument Bounded(IReadOnlyCollection<string> listed)
    {
        var excess = Encode().Length - MaxBytes;
        if (excess <= 0)
        {
            return this;
        }

        var stays = listed.ToHashSet(StringComparer.Ordinal);
        var names = new Dictionary<string, NameKnowledge>(Names);
        var overhead = Empty.Encode().Length;
        foreach (var (name, knowledge) in Names.Where(name => !stays.Contains(name.Key)).OrderBy(name => name.Value.NewestAt))
        {
            names.Remove(name);
            excess -= new IdentityDocument(new Dictionary<string, NameKnowledge> { [name] = knowledge }, Empty.Placements).Encode().Length
                - overhead;
            if (excess <= 0)
            {
                break;
            }
        }

        return this with { Names = names };
    }

    /// <summary>Decodes a document. No bytes are an empty one.</summary>
    /// <param name="content">The bytes.</param>
    /// <param name="document">The document.</param>
    /// <param name="isNewer">Whether a newer version wrote it, so that it must stay as it is.</param>
    /// <returns>False if the content cannot be read. Unless it is newer, it is replaced.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> content, [NotNullWhen(true)] out IdentityDocument? document, out bool isNewer)
    {
        (document, isNewer) = (null, false);
        if (content.IsEmpty)
        {
            document = Empty;
            return true;
        }

        try
        {
            using var json = JsonDocument.Parse(content);
            var root = json.RootElement;
            if (root.GetProperty("format").GetInt32() > Format)
            {
                isNewer = true;
                return false;
            }

            if (content.Length > MaxBytes)
            {
                return false;
            }

            document = new IdentityDocument(
                root.GetProperty("servers").EnumerateObject().ToDictionary(name => name.Name, name => Read(name.Value)),
                root.GetProperty("placements").EnumerateObject().ToDictionary(
                    placement => placement.Name, placement => placement.Value.GetInt64()));
            return true;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
            or ArgumentException or OverflowException)
        {
            return false;
        }
    }

    private static void Write(Utf8JsonWriter writer, NameKnowledge name)
    {
        writer.WriteStartObject();
        writer.WriteStartArray("current"u8);
        foreach (var id in name.Current)
        {
            writer.WriteStringValue(id);
        }

        writer.WriteEndArray();
        if (name.Total > 0)
        {
            writer.WriteNumber("total"u8, name.Total);
            writer.WriteString("at"u8, Time(name.TotalAt));
        }

        writer.WriteStartArray("past"u8);
        foreach (var past in name.Past.OrderBy(past => past.Until).ThenBy(past => past.Id, StringComparer.Ordinal))
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, past.Id);
            writer.WriteString("until"u8, Time(past.Until));
            if (past.IsSimultaneous)
            {
                writer.WriteBoolean("simultaneous"u8, true);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static NameKnowledge Read(JsonElement name) => new(
        [.. name.GetProperty("current").EnumerateArray().Select(id => Id(id))],
        [
            .. name.GetProperty("past").EnumerateArray().Select(past => new PastIdentity(
                Id(past.GetProperty("id")),
                Time(past.GetProperty("until")),
                past.TryGetProperty("simultaneous", out var simultaneous) && simultaneous.GetBoolean())),
        ],
        name.TryGetProperty("total", out var total) ? total.GetInt64() : 0,
        name.TryGetProperty("at", out var at) ? Time(at) : 0);

    private static string Id(JsonElement element) =>
        element.GetString() is { } id && ServerIdentity.IsId(id)
            ? id
            : throw new FormatException("an identity is not 32 hexadecimal digits");

    private static string Time(long wall) =>
        DateTimeOffset.FromUnixTimeMilliseconds(wall).ToString(TimeFormat, CultureInfo.InvariantCulture);

    private static long Time(JsonElement element) =>
        DateTimeOffset.ParseExact(
            element.GetString() ?? "", TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUnixTimeMilliseconds();
}
