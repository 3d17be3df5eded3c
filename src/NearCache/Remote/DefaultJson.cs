using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace NearCache.Remote;

/// <summary>How values are written as JSON unless the options say otherwise.</summary>
internal static class DefaultJson
{
    /// <summary>The serializer's defaults. Where reflection is switched off, as in a trimmed application, they know no types, and the first value says that a context must be given.</summary>
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Without reflection the resolver is empty, and asking it for a type throws.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Without reflection the resolver is empty, and asking it for a type throws.")]
    public static JsonSerializerOptions Options => JsonSerializerOptions.Default;
}
