using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// Determines before the first write of a type whether JSON holds all its state, and whether that requires fields. Runs once per type.
/// </summary>
internal sealed class JsonTypeAnalysis
{
    private static readonly ConditionalWeakTable<JsonSerializerOptions, Dictionary<Type, JsonTypeAnalysis>> Known = new();

    private readonly JsonSerializerOptions _options;
    private readonly IReadOnlySet<Type> _lossy;
    private readonly HashSet<Type> _seen = [];
    private readonly HashSet<Type> _open = [];

    private JsonTypeAnalysis(Type type, JsonSerializerOptions options, IReadOnlySet<Type> lossy)
    {
        (_options, _lossy) = (options, lossy);
        var why = Examine(type);
        WhyRefused = why is null ? null : $"{TypeNames.Of(type)} cannot be stored as JSON without loss: {why} {TypeNames.Remedy(type)}";
    }

    /// <summary>Gets why values of the type are neither written nor read, or null if they are.</summary>
    public string? WhyRefused { get; }

    /// <summary>Gets a value indicating whether members are written only because fields are included.</summary>
    public bool HasFields { get; private set; }

    /// <summary>Returns the analysis of a type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="options">Options created by <see cref="LosslessJsonOptions"/>.</param>
    public static JsonTypeAnalysis Of(Type type, JsonSerializerOptions options)
    {
        var known = Known.GetValue(options, static _ => []);
        lock (known)
        {
            if (!known.TryGetValue(type, out var shape))
            {
                known[type] = shape = new JsonTypeAnalysis(
                    type, options, (options.TypeInfoResolver as LosslessResolver)?.Lossy ?? new HashSet<Type>());
            }

            return shape;
        }
    }

    private string? Examine(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (_open.Contains(type)
            && _options.ReferenceHandler == ReferenceHandler.IgnoreCycles
            && !type.IsValueType
            && !_lossy.Contains(type))
        {
            return $"{TypeNames.Of(type)} may refer to itself, and ReferenceHandler.IgnoreCycles writes null in the place of an object "
                + "that it has written before. Use ReferenceHandler.Preserve in NearCacheOptions.Json.";
        }

        if (!_seen.Add(type))
        {
            return null;
        }

        _open.Add(type);
        try
        {
            return Examine(_options.GetTypeInfo(type));
        }
        catch (Exception e) when (e is NotSupportedException or InvalidOperationException)
        {
            return $"{e.Message}";
        }
        finally
        {
            _open.Remove(type);
        }
    }

    private string? Examine(JsonTypeInfo info)
    {
        // A converter of the application is trusted.
        if (info.Kind == JsonTypeInfoKind.None && info.Converter.GetType().Assembly != typeof(JsonSerializer).Assembly)
        {
            return null;
        }

        var isLossy = _lossy.Contains(info.Type);
        var isChosenByValue = info.PolymorphismOptions is not null && info.Type.IsAbstract;
        if (!isLossy && !isChosenByValue && EmptyValueProbe.WhyUnreadable(info) is { } unreadable)
        {
            return $"{TypeNames.Of(info.Type)} cannot be read back: {unreadable}";
        }

        return info.Kind switch
        {
            JsonTypeInfoKind.Object =>
                (
                    isLossy || info.Type.IsAbstract
                        ? null
                        : TypeState.WhatObjectLoses(info)) ?? ExamineMembers(info) ?? ExamineDerived(info, isLossy),
            JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary =>
                (isLossy ? null : WhatCollectionLoses(info)) ?? ExamineEach(info.KeyType, info.ElementType),
            _ => null,
        };
    }

    private string? WhatCollectionLoses(JsonTypeInfo info) =>
        TypeState.IsStack(info.Type) ? $"{TypeNames.Of(info.Type)} is read in reverse order. Store a list of its elements."
        : info.Kind == JsonTypeInfoKind.Dictionary
            && _options.DictionaryKeyPolicy is not null ? "DictionaryKeyPolicy changes the keys of dictionaries, and reading does not "
                + "change them back. Remove it from NearCacheOptions.Json."
        : TypeState.WhatCollectionAdds(info.Type) is { } member ? $"{TypeNames.Of(info.Type)}.{member} is not written, because the "
            + "JSON of a collection has its elements only. Declare a type that holds the collection in a member."
        : null;

    private string? ExamineMembers(JsonTypeInfo info)
    {
        foreach (var property in info.Properties)
        {
            if (property.Get is null)
            {
                continue;
            }

            HasFields |= LosslessResolver.IsField(property);
            if (property.CustomConverter is null && !IsComputed(property) && Examine(property.PropertyType) is { } why)
            {
                return why;
            }
        }

        return null;
    }

    // A write-only member need not be readable.
    private static bool IsComputed(JsonPropertyInfo property) => property is { Set: null, AssociatedParameter: null };

    private string? ExamineDerived(JsonTypeInfo info, bool isLossy)
    {
        foreach (var derived in info.PolymorphismOptions?.DerivedTypes ?? [])
        {
            if (derived.TypeDiscriminator is null && derived.DerivedType != info.Type && !isLossy)
            {
                return $"{TypeNames.Of(derived.DerivedType)} is read as {TypeNames.Of(info.Type)}, because its [JsonDerivedType] has no "
                    + "discriminator. Add one.";
            }

            if (Examine(derived.DerivedType) is { } why)
            {
                return why;
            }
        }

        return null;
    }

    private string? ExamineEach(Type? key, Type? element) =>
        (key is null ? null : Examine(key)) ?? (element is null ? null : Examine(element));
}
