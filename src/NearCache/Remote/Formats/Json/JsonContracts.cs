using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>Returns JSON contracts of types, and translates the exceptions of the serializer.</summary>
internal static class JsonContracts
{
    /// <summary>Returns the contract of a type.</summary>
    /// <exception cref="NotSupportedException">The serializer options do not know the type.</exception>
    public static JsonTypeInfo<T> Of<T>(JsonSerializerOptions options) => (JsonTypeInfo<T>)Of(typeof(T), options);

    /// <summary>Returns the contract of a type.</summary>
    /// <exception cref="NotSupportedException">The serializer options do not know the type.</exception>
    public static JsonTypeInfo Of(Type type, JsonSerializerOptions options)
    {
        var name = TypeNames.Of(type);
        try
        {
            return options.GetTypeInfo(type);
        }
        catch (InvalidOperationException e)
        {
            throw new NotSupportedException($"{name} cannot be stored as JSON: {e.Message}", e);
        }
        catch (NotSupportedException e)
        {
            throw new NotSupportedException((options.TypeInfoResolver as LosslessResolver)?.Inner switch
            {
                DefaultJsonTypeInfoResolver => $"{name} cannot be stored as JSON: {e.Message}",
                JsonSerializerContext context =>
                    $"{name} is not listed in {TypeNames.Of(context.GetType())}, the JsonSerializerContext of NearCacheOptions.Json. Put "
                        + $"[JsonSerializable(typeof({name}))] on it.",
                _ =>
                    $"{name} is known to no JsonSerializerContext of NearCacheOptions.Json. Put [JsonSerializable(typeof({name}))] on "
                        + "one, and set NearCacheOptions.Json to its Options"
                    + (JsonSerializer.IsReflectionEnabledByDefault ? "." : ": the application was published without reflection-based "
                    + "serialization (JsonSerializerIsReflectionEnabledByDefault)."),
            }, e);
        }
    }

    /// <summary>Writes a value as its runtime type.</summary>
    /// <exception cref="ArgumentException">The value cannot be written without loss.</exception>
    /// <exception cref="NotSupportedException">
    /// The type cannot be written without loss, or the serializer options do not know it.
    /// </exception>
    public static byte[] WriteAny(object value, JsonSerializerOptions options)
    {
        var type = value.GetType();
        var info = Of(type, options);
        if (JsonTypeAnalysis.Of(type, options).WhyRefused is { } refused)
        {
            throw new NotSupportedException(refused);
        }

        return Write(value, CheckOf(type, options), JsonSerializer.SerializeToUtf8Bytes, info);
    }

    /// <summary>Returns the check of a type's values, or null if none is needed.</summary>
    public static CollectionCheck? CheckOf(Type type, JsonSerializerOptions options) =>
        CollectionCheck.MayBeNeeded(type) ? (options.TypeInfoResolver as LosslessResolver)?.CheckOf(type, options) : null;

    /// <summary>Writes a value, and names the type and the remedy if the serializer refuses it.</summary>
    public static byte[] Write<T>(T value, CollectionCheck? check, Func<T, JsonTypeInfo, byte[]> write, JsonTypeInfo info)
    {
        try
        {
            check?.Check(value);
            return write(value, info);
        }
        catch (JsonException e)
        {
            throw new ArgumentException(
                $"A {TypeNames.Of(info.Type)} cannot be written as JSON: {e.Message} A graph with cycles needs ReferenceHandler.Preserve "
                    + "in NearCacheOptions.Json, one that is deep a larger MaxDepth.", nameof(value), e);
        }
        catch (NotSupportedException e)
        {
            throw new NotSupportedException($"A {TypeNames.Of(info.Type)} cannot be stored as JSON without loss: {e.Message}", e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // To the serializer an unset ImmutableArray or JsonElement is an invalid operation.
            throw new ArgumentException(
                $"A {TypeNames.Of(info.Type)} cannot be written as JSON without loss: {e.Message}", nameof(value), e);
        }
    }
}
