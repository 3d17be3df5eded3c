using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// The serializer options by which values become JSON: the application's or the defaults, made to refuse what JSON would lose.
/// </summary>
internal static class LosslessJsonOptions
{
    /// <summary>
    /// The options where <see cref="NearCacheOptions.Json"/> is null: fields are written, and the numbers that JSON lacks are written as
    /// text.
    /// </summary>
    public static JsonSerializerOptions Default { get; } = From(null, []);

    /// <summary>A copy of the application's options that <see cref="LosslessJsonSerializer{T}"/> works with.</summary>
    /// <param name="given"><see cref="NearCacheOptions.Json"/>.</param>
    /// <param name="lossy"><see cref="NearCacheOptions.LossyTypes"/>.</param>
    public static JsonSerializerOptions From(JsonSerializerOptions? given, IEnumerable<Type> lossy)
    {
        var options = given is null
            ? new JsonSerializerOptions { IncludeFields = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals }
            : new JsonSerializerOptions(given);
        var allowed = lossy.ToFrozenSet();
        options.TypeInfoResolver = new LosslessResolver(options.TypeInfoResolver ?? Reflection(), allowed);
        Add(options, new StrictStringConverter());
        Add(options, new StrictCharConverter());
        if (!allowed.Contains(typeof(object)))
        {
            Add(options, new ObjectMemberConverter());
        }

        options.MakeReadOnly();
        return options;
    }

    // The application's own converters come first.
    private static void Add<T>(JsonSerializerOptions options, JsonConverter<T> converter)
    {
        if (!options.Converters.Any(known => known.CanConvert(typeof(T))))
        {
            options.Converters.Add(converter);
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Only where reflection is allowed.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Only where reflection is allowed.")]
    private static IJsonTypeInfoResolver Reflection() =>
        JsonSerializer.IsReflectionEnabledByDefault ? new DefaultJsonTypeInfoResolver() : JsonTypeInfoResolver.Combine();
}
