using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// Creates the serializer options of stored values: the application's or the defaults, extended to refuse what JSON would lose.
/// </summary>
internal static class LosslessJsonOptions
{
    /// <summary>
    /// Gets the options used when <see cref="NearCacheOptions.Json"/> is null: fields are included, and named floating-point literals are
    /// allowed.
    /// </summary>
    public static JsonSerializerOptions Default { get; } = From(null, []);

    /// <summary>Returns a copy of the application's options for <see cref="LosslessJsonSerializer{T}"/>.</summary>
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
        Add(options, new StrictUriConverter());
        Add(options, new StrictDateTimeConverter());
        if (!allowed.Contains(typeof(object)))
        {
            Add(options, new ObjectMemberConverter());
        }

        options.MakeReadOnly();
        return options;
    }

    // Converters of the application come first.
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
