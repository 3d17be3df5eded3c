using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>Adds the checks of values to each contract, for losses that only a value shows.</summary>
/// <param name="inner">Creates the contracts.</param>
/// <param name="lossy">The types that may lose state.</param>
internal sealed class LosslessResolver(IJsonTypeInfoResolver inner, IReadOnlySet<Type> lossy) : IJsonTypeInfoResolver
{
    private readonly ConcurrentDictionary<Type, CollectionCheck> _checks = new();

    /// <summary>Gets the resolver that creates the contracts.</summary>
    public IJsonTypeInfoResolver Inner => inner;

    /// <summary>Gets the types that may lose state.</summary>
    public IReadOnlySet<Type> Lossy => lossy;

    public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options)
    {
        if (inner.GetTypeInfo(type, options) is not { } info)
        {
            return null;
        }

        if (info.Kind != JsonTypeInfoKind.Object || lossy.Contains(type))
        {
            return info;
        }

        if (!type.IsSealed && !type.IsValueType)
        {
            info.OnSerializing = Join(value => CheckType(value, type), info.OnSerializing);
        }

        foreach (var property in info.Properties)
        {
            // Bytes from before fields were written lack them, and are not a value. Only members that the options alone include are
            // required.
            property.IsRequired |= IsField(property)
                && options.DefaultIgnoreCondition == JsonIgnoreCondition.Never
                && property is { ShouldSerialize: null, Set: not null };
            if (property is { Get: { } readData, IsExtensionData: true })
            {
                var data = new ExtensionDataCheck(info);
                property.Get = holder =>
                {
                    var value = readData(holder);
                    data.Check(value);
                    return value;
                };
            }

            if (property is { Get: { } read, IsExtensionData: false } && OmittedDefaultCheck.Of(info, property) is { } leftOut)
            {
                property.Get = holder =>
                {
                    var value = read(holder);
                    leftOut.Check(value);
                    return value;
                };
            }

            if (property is { Get: { } get, CustomConverter: null } && CollectionCheck.MayBeNeeded(property.PropertyType))
            {
                CollectionCheck? check = null;
                property.Get = holder =>
                {
                    var value = get(holder);
                    (check ??= CheckOf(property, get, info)).Check(value);
                    return value;
                };
            }
        }

        return info;
    }

    /// <summary>Returns the check of a collection type.</summary>
    public CollectionCheck CheckOf(Type type, JsonSerializerOptions options) =>
        _checks.TryGetValue(type, out var check) ? check : _checks.GetOrAdd(type, CollectionCheck.Of(type, options, this));

    private CollectionCheck CheckOf(JsonPropertyInfo property, Func<object, object?> get, JsonTypeInfo info)
    {
        var check = CheckOf(property.PropertyType, info.Options);
        return TypeState.IsPopulated(property, info) && TypeState.InitialOf(property, get, info) is { } initial
            ? check.ReadInto(initial, $"{TypeNames.Of(info.Type)}.{property.Name}")
            : check;
    }

    /// <summary>Returns whether a member is written only because the options include fields.</summary>
    public static bool IsField(JsonPropertyInfo property) =>
        property is { Get: not null, AttributeProvider: FieldInfo { IsPublic: true } field }
            && !field.IsDefined(typeof(JsonIncludeAttribute), inherit: false);

    private static void CheckType(object value, Type declared)
    {
        if (value.GetType() != declared)
        {
            throw new NotSupportedException(
                $"A {TypeNames.Of(value.GetType())} is stored where {TypeNames.Of(declared)} is declared, and would be read as the "
                    + "declared type, without its additional members. Declare its own type, or put "
                + $"[JsonDerivedType(typeof({value.GetType().Name}), \"...\")] on {TypeNames.Of(declared)}. {TypeNames.Remedy(declared)}");
        }
    }

    private static Action<object> Join(Action<object> check, Action<object>? next) => next is null ? check : value =>
    {
        check(value);
        next(value);
    };
}
