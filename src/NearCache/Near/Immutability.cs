using System.Collections.Frozen;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace NearCache.Near;

/// <summary>Caches whether values of a type can be shared between callers.</summary>
internal static class Immutability<T>
{
    public static readonly bool IsImmutable =
        (typeof(T).IsValueType && !RuntimeHelpers.IsReferenceOrContainsReferences<T>())
            || Immutability.Is(typeof(T), FrozenSet<Type>.Empty);
}

/// <summary>Determines whether a type is immutable. Records and read-only properties are no proof, since they may hold a list.</summary>
/// <remarks>
/// Immutable are strings, <see cref="Uri"/> and <see cref="Version"/>, numbers, dates and enums, <see cref="ReadOnlyMemory{T}"/> of bytes,
/// sealed types with <c>[ImmutableObject(true)]</c>, and tuples and immutable collections whose type arguments are immutable.
/// </remarks>
internal static class Immutability
{
    private static readonly FrozenSet<Type> Simple = new[]
    {
        typeof(string), typeof(Uri), typeof(Version), typeof(ReadOnlyMemory<byte>),
        typeof(decimal), typeof(Half), typeof(Int128), typeof(UInt128), typeof(System.Numerics.BigInteger),
        typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan), typeof(Guid),
    }.ToFrozenSet();

    // Immutable if their type arguments are.
    private static readonly FrozenSet<Type> Containers = new[]
    {
        typeof(Nullable<>), typeof(KeyValuePair<,>),
        typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>), typeof(
            ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>), typeof(ValueTuple<,,,,,,,>),
        typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>), typeof(Tuple<,,,,>), typeof(Tuple<,,,,,>), typeof(
            Tuple<,,,,,,>), typeof(Tuple<,,,,,,,>),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>), typeof(
            ImmutableSortedSet<>), typeof(ImmutableStack<>), typeof(ImmutableQueue<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(FrozenSet<>), typeof(FrozenDictionary<,>),
    }.ToFrozenSet();

    /// <summary>Returns whether values of a type can be shared.</summary>
    /// <param name="type">The type.</param>
    /// <param name="declared">The types that are declared immutable.</param>
    public static bool Is(Type type, IReadOnlySet<Type> declared) =>
        type.IsPrimitive
        || type.IsEnum
        || Simple.Contains(type)
        || declared.Contains(type)
        || (
            type.IsGenericType
                && Containers.Contains(type.GetGenericTypeDefinition())
                && Array.TrueForAll(type.GetGenericArguments(), held => Is(held, declared)))
        || (
            (type.IsSealed || type.IsValueType)
                && type.GetCustomAttribute<ImmutableObjectAttribute>(inherit: false) is { Immutable: true });
}
