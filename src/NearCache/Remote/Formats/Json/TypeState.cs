using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>Compares the state of a type, its fields, with what its JSON contract writes and reads.</summary>
/// <remarks>
/// A field stands behind a property of its name (<c>_total</c>, <c>m_total</c> or <c>total</c> behind <c>Total</c>). Where trimming has
/// removed fields, less is seen.
/// </remarks>
internal static class TypeState
{
    private const BindingFlags Fields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Type[] Stacks =
    [
        typeof(Stack), typeof(Stack<>), typeof(ConcurrentStack<>), typeof(ImmutableStack<>), typeof(IImmutableStack<>)
    ];

    /// <summary>Returns what an object loses, with the remedy, or null for nothing.</summary>
    public static string? WhatObjectLoses(JsonTypeInfo info)
    {
        if (IsBuffer(info.Type))
        {
            return $"{TypeNames.Of(info.Type)} is an inline array or a fixed-size buffer, of which JSON writes the first element alone. "
                + "Store an array.";
        }

        var kept = info.Properties.Where(property => IsKept(property, info)).ToLookup(NameOf, StringComparer.OrdinalIgnoreCase);
        foreach (var level in LevelsOf(info.Type))
        {
            foreach (var field in StateOf(level))
            {
                if (!IsCovered(field, level, kept))
                {
                    return WhyLost(info, MemberOf(field));
                }
            }
        }

        return null;
    }

    /// <summary>Returns the value of a member when nothing is read for it. Null stands for the type's default, or for unknown.</summary>
    public static object? InitialOf(JsonPropertyInfo property, Func<object, object?> get, JsonTypeInfo info) =>
        !IsKept(property, info) ? null
        : (EmptyValueProbe.Empty(info) ?? Create(info)) is { } made ? get(made)
        : property.AssociatedParameter is { HasDefaultValue: true } parameter ? parameter.DefaultValue
        : null;

    /// <summary>Returns the member that a collection holds beside its elements, which are all that JSON keeps; null for none.</summary>
    public static string? WhatCollectionAdds(Type type)
    {
        if (type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false))
        {
            return null;
        }

        var own = LevelsOf(type).TakeWhile(level => !IsSystem(level)).ToArray();
        var fields = own.SelectMany(StateOf).ToArray();

        // A collection that derives from no other keeps its elements in a field of its own.
        var holdsElements = own.Length > 0 && own[^1].BaseType == typeof(object) || type.IsValueType;
        return fields.Length == 0
            || (holdsElements && fields is [{ FieldType: var storage }] && typeof(IEnumerable).IsAssignableFrom(storage))
            ? null
            : MemberOf(fields[0]);
    }

    /// <summary>Returns whether a type is written from its top and read from its bottom.</summary>
    public static bool IsStack(Type type) =>
        LevelsOf(type).Prepend(type).Any(level => Stacks.Contains(level.IsGenericType ? level.GetGenericTypeDefinition() : level));

    /// <summary>Returns whether all objects of a type are equal.</summary>
    public static bool HasNoFields(Type type) => !LevelsOf(type).SelectMany(FieldsOf).Any();

    /// <summary>Returns whether reading fills the value that the constructor assigns, rather than replacing it.</summary>
    public static bool IsPopulated(JsonPropertyInfo property, JsonTypeInfo info) =>
        property.AssociatedParameter is null
        && JsonObjectCreationHandling.Populate == (property.ObjectCreationHandling
            ?? info.PreferredPropertyObjectCreationHandling
            ?? property.Options.PreferredObjectCreationHandling);

    private static bool IsKept(JsonPropertyInfo property, JsonTypeInfo info) =>
        property.Get is not null
        && !IsLeftOutAsReadOnly(property)
        && (
            property.Set is not null
                || property.AssociatedParameter is not null
                || property.IsExtensionData
                || IsPopulated(property, info));

    private static bool IsLeftOutAsReadOnly(JsonPropertyInfo property) =>
        property is { Set: null, AttributeProvider: MemberInfo member }
        && (member is FieldInfo ? property.Options.IgnoreReadOnlyFields : property.Options.IgnoreReadOnlyProperties)
        && !member.IsDefined(typeof(JsonIncludeAttribute), inherit: false);

    private static bool IsCovered(FieldInfo field, Type level, ILookup<string, JsonPropertyInfo> kept)
    {
        var name = MemberOf(field);
        var isExact = field.IsPublic || field.Name.EndsWith(">k__BackingField", StringComparison.Ordinal);
        return kept[name].Any(property =>
            property.AttributeProvider is not MemberInfo member
            || ((!isExact || member.Name == name) && !IsHidden(field, level, member)));
    }

    // A member of the same name in a derived type hides this one, unless it overrides it.
    private static bool IsHidden(FieldInfo field, Type level, MemberInfo member) =>
        (field.IsPublic || IsBacking(field)) && member.DeclaringType != field.DeclaringType && !IsVirtual(level, MemberOf(field));

    // The name in the source: <Total>k__BackingField, <total>P and <total>i__Field are generated by the C# compiler, Total@ by that of F#,
    // and $Total in an anonymous type by that of Visual Basic.
    private static string MemberOf(FieldInfo field)
    {
        var name = field.Name;
        if (name.StartsWith('<') && name.IndexOf('>', StringComparison.Ordinal) is > 1 and var end)
        {
            return name[1..end];
        }

        if (name.EndsWith('@') || name.StartsWith('$'))
        {
            return name.Trim('@', '$');
        }

        return field.IsPublic ? name : name.StartsWith("m_", StringComparison.Ordinal) ? name[2..] : name.Trim('_');
    }

    private static bool IsBacking(FieldInfo field) => field.Name[0] is '<' or '$' || field.Name.EndsWith('@');

    private static string NameOf(JsonPropertyInfo property) => (property.AttributeProvider as MemberInfo)?.Name ?? property.Name;

    private static string WhyLost(JsonTypeInfo info, string member)
    {
        var name = $"{TypeNames.Of(info.Type)}.{member}";
        return info.Properties.FirstOrDefault(
            property => string.Equals(NameOf(property), member, StringComparison.OrdinalIgnoreCase)) switch
        {
            { Get: null } or { Options.IgnoreReadOnlyProperties: true, Set: null } => $"{name} is not written ([JsonIgnore], or a "
                + "setting of the serializer options). Write it, or mark its field [NonSerialized] if it is not part of the value.",
            { } => $"{name} is written, but cannot be read back. Give it a setter, [JsonInclude] if the setter is not public, a "
                + "constructor parameter of its name, or, if it is a collection, "
                + "[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)].",
            null => $"{name} is not written, since it is not public or the serializer options do not include fields. Make it public or "
                + "give it [JsonInclude], set IncludeFields in NearCacheOptions.Json, "
                + "or mark the field [NonSerialized] if it is not part of the value.",
        };
    }

    private static object? Create(JsonTypeInfo info)
    {
        try
        {
            return info.CreateObject?.Invoke();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return null;
        }
    }

    // One field represents all elements.
    private static bool IsBuffer(Type type) =>
        type.IsValueType
            && (
                type.IsDefined(typeof(InlineArrayAttribute), inherit: false)
                    || type.IsDefined(typeof(UnsafeValueTypeAttribute), inherit: false));

    private static IEnumerable<Type> LevelsOf(Type type)
    {
        for (var level = type; level is not null && level != typeof(object) && level != typeof(ValueType); level = level.BaseType)
        {
            yield return level;
        }
    }

    private static bool IsSystem(Type type) =>
        type.Assembly.GetName().Name is { } name
            && (name.StartsWith("System.", StringComparison.Ordinal) || name is "System" or "FSharp.Core");

    // Events hold listeners, which are not state, and init@12 of an F# class holds whether its constructor has run.
    private static IEnumerable<FieldInfo> StateOf(Type level) =>
        FieldsOf(level).Where(
            field => !field.IsDefined(typeof(NonSerializedAttribute), inherit: false)
                && !field.Name.StartsWith("init@", StringComparison.Ordinal)
                && !(typeof(Delegate).IsAssignableFrom(field.FieldType) && IsEvent(level, field.Name)));

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A field that was trimmed away is no state.")]
    private static FieldInfo[] FieldsOf(Type level) => level.GetFields(Fields);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "An event that was trimmed away has no field.")]
    private static bool IsEvent(Type level, string name) => level.GetEvent(name, Fields) is not null;

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "A property that was trimmed away is not written.")]
    private static bool IsVirtual(Type level, string name) =>
        level.GetProperty(name, Fields)?.GetAccessors(nonPublic: true) is [{ IsVirtual: true }, ..];
}
