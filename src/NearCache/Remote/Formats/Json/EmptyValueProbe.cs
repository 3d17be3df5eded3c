using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>Reads an empty value of a type, to find out whether the serializer can read the type.</summary>
internal static class EmptyValueProbe
{
    /// <summary>Returns an empty value of a collection, or null if there is none.</summary>
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

    /// <summary>Returns why values of a type cannot be read, or null if an empty one can.</summary>
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
            // A member is missing, or a constructor refuses the empty value. A complete value may still be readable.
            return null;
        }
    }

    private static string Text(JsonTypeInfo info) => info.Kind == JsonTypeInfoKind.Enumerable ? "[]" : "{}";

    // The path and position belong to the probe.
    private static string FirstSentences(string message)
    {
        var end = message.IndexOf(" Path: ", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }
}
