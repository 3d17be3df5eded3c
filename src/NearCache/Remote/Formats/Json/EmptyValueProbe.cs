using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>Reads an empty value of a type: the shortest way to find out whether the serializer can read the type at all.</summary>
internal static class EmptyValueProbe
{
    /// <summary>An empty value of a collection; null: there is none.</summary>
    public static object? Empty(JsonTypeInfo info)
    {
        try
        {
            return JsonSerializer.Deserialize(Text(info), info);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;
        }
    }

    /// <summary>Why values of a type cannot be read; null: they can, as far as an empty one shows.</summary>
    public static string? WhyUnreadable(JsonTypeInfo info)
    {
        try
        {
            JsonSerializer.Deserialize(Text(info), info);
            return null;
        }
        catch (NotSupportedException e)
        {
            return FirstSentences(e.Message);
        }
        catch (InvalidOperationException e) when (info.Kind == JsonTypeInfoKind.Object)
        {
            return FirstSentences(e.Message);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A member is missing, or a constructor refuses what is empty: a whole value may be read all the same.
            return null;
        }
    }

    private static string Text(JsonTypeInfo info) => info.Kind == JsonTypeInfoKind.Enumerable ? "[]" : "{}";

    // The path and the position are those of the probe.
    private static string FirstSentences(string message)
    {
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
