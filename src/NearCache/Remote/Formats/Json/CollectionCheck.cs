using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// Detects what only the value of a collection shows and JSON would lose: a type with additional state, a comparer that its type does not
/// create by itself, and elements that a member has from the beginning.
/// </summary>
internal sealed class CollectionCheck
{
    // Of the keys or elements, whatever the collection calls it, and of the values.
    private static readonly string[][] Names = [["Comparer", "KeyComparer"], ["ValueComparer"]];
    private static readonly CollectionCheck None = new(null, null, null);
    private static readonly ConditionalWeakTable<Type, (int Role, PropertyInfo Property)[]> Comparers = new();

    private readonly Type? _type;
    private readonly object? _sample;   // the state of a collection that was just read
    private readonly Func<CollectionCheck>? _elements;
    private readonly string? _filled;   // the member whose initial elements reading adds to

    private CollectionCheck(Type? type, object? sample, Func<CollectionCheck>? elements, string? filled = null) =>
        (_type, _sample, _elements, _filled) = (type, sample, elements, filled);

    /// <summary>Returns whether values of a type may need the check; most do not.</summary>
    public static bool MayBeNeeded(Type type) =>
        type.IsArray ? MayBeNeeded(type.GetElementType()!)
        : IsMemory(type) ? MayBeNeeded(type.GetGenericArguments()[0])
        : type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type);

    /// <summary>Returns the check of a type.</summary>
    public static CollectionCheck Of(Type type, JsonSerializerOptions options, LosslessResolver resolver)
    {
        if (!MayBeNeeded(type) || resolver.Lossy.Contains(type))
        {
            return None;
        }

        var info = options.GetTypeInfo(type);
        if (info.Kind is not (JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary))
        {
            return None;
        }

        var element = info.ElementType;
        return new CollectionCheck(
            type, EmptyValueProbe.Empty(info), element is not null && MayBeNeeded(element)
                ? () => resolver.CheckOf(element, options)
                : null);
    }

    /// <summary>Returns the check of a member whose elements are read into an existing collection.</summary>
    public CollectionCheck ReadInto(object collection, string member) =>
        new(_type, collection, _elements, collection is IEnumerable many && many.Cast<object>().Any() ? member : null);

    // Whether the check may refuse an element for its comparer.
    private bool Compares => (_sample is not null && ComparersOf(_sample.GetType()).Length > 0) || _elements?.Invoke().Compares == true;

    /// <exception cref="NotSupportedException">JSON would lose a part of the value.</exception>
    public void Check(object? value)
    {
        if (value is null || _type is not { } declared)
        {
            return;
        }

        var type = value.GetType();
        if (type != declared && (!declared.IsInterface || TypeState.WhatCollectionAdds(type) is not null))
        {
            throw new NotSupportedException(
                $"A {TypeNames.Of(type)} is stored where {TypeNames.Of(declared)} is declared, and would be read without its "
                    + $"additional members. Declare its own type. {TypeNames.Remedy(declared)}");
        }

        if (_filled is not null)
        {
            throw new NotSupportedException(
                $"{_filled} has initial elements, and reading would add the elements of the value to them. Make its initial value "
                    + $"empty, or give it a setter and remove [JsonObjectCreationHandling]. {TypeNames.Remedy(declared)}");
        }

        CheckComparers(value, type);
        if (_elements is not null)
        {
            CheckElements(value, type, _elements());
        }
    }

    private static void CheckElements(object value, Type type, CollectionCheck elements)
    {
        if (IsStored(type))
        {
            foreach (var element in value is IDictionary map ? map.Values : (IEnumerable)value)
            {
                elements.Check(element);
            }
        }
        else if (elements.Compares)
        {
            // The elements of a query, which may differ the next time, and those of a Memory<T>.
            throw new NotSupportedException(
                $"The elements of a {TypeNames.Of(type)} may have comparers, which are checked in lists and arrays only. Store a list "
                    + "or an array.");
        }
    }

    private void CheckComparers(object value, Type type)
    {
        if (_sample is null)
        {
            return;
        }

        (value, type) = Unwrap(value, type);
        var expected = ComparersOf(_sample.GetType());
        foreach (var (role, comparer) in ComparersOf(type))
        {
            if (Array.Find(expected, other => other.Role == role).Property is { } same
                && !AreEqual(comparer.GetValue(value), same.GetValue(_sample)))
            {
                throw new NotSupportedException(
                    $"A {TypeNames.Of(type)} compares by {comparer.GetValue(value)}, and would compare after reading by "
                        + $"{same.GetValue(_sample)}. Derive a type whose constructor sets the comparer, "
                    + "and store that type, or use a member whose initial collection has the comparer "
                    + $"([JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]). {TypeNames.Remedy(_type!)}");
            }
        }
    }

    // A read-only wrapper compares as the collection in it does.
    private static (object Value, Type Type) Unwrap(object value, Type type)
    {
        const BindingFlags hidden = BindingFlags.NonPublic;
        while (type.Namespace == "System.Collections.ObjectModel"
            && (Find(type, "Dictionary", hidden) ?? Find(type, "Set", hidden))?.GetValue(value) is { } inner)
        {
            (value, type) = (inner, inner.GetType());
        }

        return (value, type);
    }

    private static bool AreEqual(object? one, object? other) =>
        Equals(one, other)
        || (ReferenceEquals(one, StringComparer.Ordinal) && ReferenceEquals(other, EqualityComparer<string>.Default))
        || (one is not null && one.GetType() == other?.GetType() && TypeState.HasNoFields(one.GetType()));

    private static bool IsMemory(Type type) =>
        type.IsGenericType && (type.GetGenericTypeDefinition() is var generic)
            && (generic == typeof(Memory<>) || generic == typeof(ReadOnlyMemory<>));

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Elements of a collection without its interfaces are not checked.")]
    private static bool IsStored(Type type) =>
        typeof(ICollection).IsAssignableFrom(type)
        || Array.Exists(
            type.GetInterfaces(),
            implemented => implemented.IsGenericType && implemented.GetGenericTypeDefinition() == typeof(ICollection<>));

    private static (int Role, PropertyInfo Property)[] ComparersOf(Type type) => Comparers.GetValue(
        type,
        static type =>
        [
            .. Names.SelectMany((names, role) => names.Select(name => (role, Find(type, name, BindingFlags.Public))))
                .Where(comparer => comparer.Item2 is not null)!,
        ]);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Trimmed comparers are not compared.")]
    private static PropertyInfo? Find(Type type, string name, BindingFlags visibility) => Array.Find(
        type.GetProperties(BindingFlags.Instance | visibility),
        property => property.Name == name && property.GetIndexParameters().Length == 0);
}
