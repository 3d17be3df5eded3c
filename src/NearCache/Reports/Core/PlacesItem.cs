using System.Globalization;
using System.Text;
using System.Text.Json;

namespace NearCache.Reports.Core;

/// <summary>The item that bounds the places in use on a server: every report is in a place below <see cref="Places"/>.</summary>
/// <param name="Places">The bound, at most <see cref="ReportNames.MaxPlaces"/>.</param>
/// <param name="Life">
/// A random name, chosen by the process that adds the item and kept by every change. Another name means that the server has lost its items.
/// </param>
internal readonly record struct PlacesItem(int Places, string Life)
{
    // The longest content that is read: a newer version may add members.
    private const int MaxBytes = 1024;

    private const int MaxLife = 16;

    /// <summary>Returns a random name of a life.</summary>
    public static string NewLife(Random random) => random.NextInt64().ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Reads the item. Returns false for other content.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> content, out PlacesItem item)
    {
        item = default;
        if (content.Length > MaxBytes)
        {
            return false;
        }

        try
        {
            using var document = JsonDocument.Parse(content, new JsonDocumentOptions { MaxDepth = 4 });
            if (document.RootElement is not { ValueKind: JsonValueKind.Object } root
                || !root.TryGetProperty("places", out var places)
                || places.ValueKind != JsonValueKind.Number
                || !places.TryGetInt32(out var count)
                || !root.TryGetProperty("life", out var life)
                || life.ValueKind != JsonValueKind.String
                || life.GetString() is not { Length: > 0 and <= MaxLife } name
                || !name.All(char.IsAsciiHexDigit))
            {
                return false;
            }

            item = new PlacesItem(Math.Clamp(count, 0, ReportNames.MaxPlaces), name);
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Returns the content of the item.</summary>
    public byte[] Write() =>
        Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{\"format\":1,\"places\":{Places},\"life\":\"{Life}\"}}"));
}
