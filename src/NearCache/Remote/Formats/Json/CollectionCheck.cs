using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// Detects what only the value of a collection shows and JSON would lose: a type with additional state, and a comparer that its type does
/// not create by itself.
/// </summary>
internal sealed class CollectionCheck
{
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Public;

    private static readonly string[] Names = ["Comparer", "KeyComparer", "ValueComparer"];
    private static readonly CollectionCheck None = new(null, null, null);
    private static readonly ConditionalWeakTable<Type, PropertyInfo[]> Comparers = new();

    private readonly Type? _type;
    private readonly object? _sample;   // the state of a collection that was just read
    private readonly Func<CollectionCheck>? _elements;

    private CollectionCheck(Type? type, object? sample, Func<CollectionCheck>? elements) =>
        (_type, _sample, _elements) = (type, sample, elements);

    /// <summary>Returns whether values of a type may need the check; most do not.</summary>
    public static bool MayBeNeeded(Type type) =>
        type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) && !(type.IsArray && !MayBeNeeded(type.GetElementType()!));

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
    public CollectionCheck ReadInto(object collection) => new(_type, collection, _elements);

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
                $"A {TypeNames.Of(type)} stands where {TypeNames.Of(declared)} is declared, and would come back without what it adds. "
                    + $"Declare its own type. {TypeNames.Remedy(declared)}");
        }

        CheckComparers(value, type);
        if (_elements is not null && value is ICollection and IEnumerable many)
        {
            var elements = _elements();
            foreach (var element in value is IDictionary map ? map.Values : many)
            {
                elements.Check(element);
            }
        }
    }

    private void CheckComparers(object value, Type type)
    {
        foreach (var comparer in ComparersOf(type))
        {
            if (_sample is not null
                && ComparersOf(_sample.GetType()).FirstOrDefault(other => other.Name == comparer.Name) is { } same
                && !AreEqual(comparer.GetValue(value), same.GetValue(_sample)))
            {
                throw new NotSupportedException(
                    $"A {TypeNames.Of(type)} compares by {comparer.GetValue(value)}, and would come back comparing by "
                        + $"{same.GetValue(_sample)}. Derive a type whose constructor sets the comparer, "
                    + "and store that, or read into a member that begins with it "
                    + $"([JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]). {TypeNames.Remedy(_type!)}");
            }
        }
    }

    private static bool AreEqual(object? one, object? other) =>
        Equals(one, other)
        || (ReferenceEquals(one, StringComparer.Ordinal) && ReferenceEquals(other, EqualityComparer<string>.Default))
        || (one is not null && one.GetType() == other?.GetType() && TypeState.HasNoFields(one.GetType()));

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Trimmed comparers are not compared.")]
    private static PropertyInfo[] ComparersOf(Type type) => Comparers.GetValue(type, static type =>
        [.. Names.Select(name => Find(type, name)).OfType<PropertyInfo>()]);

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "Trimmed comparers are not compared.")]
    private static PropertyInfo? Find(Type type, string name) =>
        Array.Find(type.GetProperties(Members), property => property.Name == name && property.GetIndexParameters().Length == 0);
}
