using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>Contracts of types and what is thrown around them.</summary>
internal static class JsonContracts
{
    /// <summary>The contract of a type.</summary>
    /// <exception cref="NotSupportedException">The serializer options know no such type.</exception>
    public static JsonTypeInfo<T> Of<T>(JsonSerializerOptions options) => (JsonTypeInfo<T>)Of(typeof(T), options);

    /// <summary>The contract of a type.</summary>
    /// <exception cref="NotSupportedException">The serializer options know no such type.</exception>
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
                    $"{name} is not listed in {TypeNames.Of(context.GetType())}, the JsonSerializerContext of NearCacheOptions.Json. Put [JsonSerializable(typeof({name}))] on it.",
                _ =>
                    $"{name} is known to no JsonSerializerContext of NearCacheOptions.Json. Put [JsonSerializable(typeof({name}))] on one, and set NearCacheOptions.Json to its Options"
                    + (JsonSerializer.IsReflectionEnabledByDefault ? "." : ": the application was published without reflection-based serialization (JsonSerializerIsReflectionEnabledByDefault)."),
            }, e);
        }
    }

    /// <summary>Writes a value as what it is.</summary>
    /// <exception cref="ArgumentException">The value cannot be written without loss.</exception>
    /// <exception cref="NotSupportedException">Its type cannot, or the serializer options know no such type.</exception>
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

    /// <summary>What only a value of the type shows; null: nothing.</summary>
    public static CollectionCheck? CheckOf(Type type, JsonSerializerOptions options) =>
        CollectionCheck.MayBeNeeded(type) ? (options.TypeInfoResolver as LosslessResolver)?.CheckOf(type, options) : null;

    /// <summary>Writes a value, and says of what the serializer refuses which type it was and what can be done.</summary>
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
                $"A {TypeNames.Of(info.Type)} cannot be written as JSON: {e.Message} A graph with cycles needs ReferenceHandler.Preserve in NearCacheOptions.Json, one that is deep a larger MaxDepth.", nameof(value), e);
        }
        catch (NotSupportedException e)
        {
            throw new NotSupportedException($"A {TypeNames.Of(info.Type)} cannot be stored as JSON without loss: {e.Message}", e);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            // An ImmutableArray or a JsonElement that was never set is an invalid operation to the serializer.
            throw new ArgumentException(
                $"A {TypeNames.Of(info.Type)} cannot be written as JSON without loss: {e.Message}", nameof(value), e);
        }
    }
}
