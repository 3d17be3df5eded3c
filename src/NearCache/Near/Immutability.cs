using System.Collections.Frozen;
using System.Collections.Immutable;
using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace NearCache.Near;

/// <summary>States whether callers can share an instance of <typeparamref name="T"/>.</summary>
/// <typeparam name="T">The type.</typeparam>
internal static class Immutability<T>
{
    /// <summary>Whether the type is immutable.</summary>
    public static readonly bool IsImmutable =
        (typeof(T).IsValueType && !RuntimeHelpers.IsReferenceOrContainsReferences<T>())
            || Immutability.IsImmutable(typeof(T), FrozenSet<Type>.Empty);
}

/// <summary>Decides which types are immutable. Records and read-only properties prove nothing: they may hold a list.</summary>
/// <remarks>
/// Immutable are strings, numbers, dates, enums and similar types, sealed types with <c>[ImmutableObject(true)]</c>, and tuples and
/// immutable collections of only these. <see cref="ReadOnlyMemory{T}"/> of bytes by itself counts as immutable, because a value of the
/// application is copied before it is shared (<see cref="Detach"/>).
/// </remarks>
internal static class Immutability
{
    private static readonly FrozenSet<Type> Simple = new[]
    {
        typeof(string), typeof(Uri), typeof(Version),
        typeof(decimal), typeof(Half), typeof(Int128), typeof(UInt128), typeof(System.Numerics.BigInteger),
        typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan), typeof(Guid),
    }.ToFrozenSet();

    // Immutable if their type arguments are.
    private static readonly FrozenSet<Type> Containers = new[]
    {
        typeof(Nullable<>), typeof(KeyValuePair<,>),
        typeof(ValueTuple<>), typeof(ValueTuple<,>), typeof(ValueTuple<,,>), typeof(ValueTuple<,,,>), typeof(ValueTuple<,,,,>),
        typeof(ValueTuple<,,,,,>), typeof(ValueTuple<,,,,,,>), typeof(ValueTuple<,,,,,,,>),
        typeof(Tuple<>), typeof(Tuple<,>), typeof(Tuple<,,>), typeof(Tuple<,,,>), typeof(Tuple<,,,,>), typeof(Tuple<,,,,,>),
        typeof(Tuple<,,,,,,>), typeof(Tuple<,,,,,,,>),
        typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>),
        typeof(ImmutableSortedSet<>), typeof(ImmutableStack<>), typeof(ImmutableQueue<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(FrozenSet<>), typeof(FrozenDictionary<,>),
    }.ToFrozenSet();

    /// <summary>Returns whether callers can share an instance of a type.</summary>
    /// <param name="type">The type.</param>
    /// <param name="declared">Types that the options declare immutable.</param>
    public static bool IsImmutable(Type type, IReadOnlySet<Type> declared) =>
        type == typeof(ReadOnlyMemory<byte>) || IsDeeplyImmutable(type, declared);

    /// <summary>
    /// Returns the value, or a copy if it is a <see cref="ReadOnlyMemory{T}"/> of bytes, whose array the application may change.
    /// </summary>
    public static T Detach<T>(T value) => value is ReadOnlyMemory<byte> bytes && typeof(T) == typeof(ReadOnlyMemory<byte>)
        ? (T)(object)new ReadOnlyMemory<byte>(bytes.ToArray())
        : value;

    private static bool IsDeeplyImmutable(Type type, IReadOnlySet<Type> declared) =>
        type.IsPrimitive
        || type.IsEnum
        || Simple.Contains(type)
        || declared.Contains(type)
        || (
            type.IsGenericType
                && Containers.Contains(type.GetGenericTypeDefinition())
                && Array.TrueForAll(type.GetGenericArguments(), argument => IsDeeplyImmutable(argument, declared)))
        || (
            (type.IsSealed || type.IsValueType)
                && type.GetCustomAttribute<ImmutableObjectAttribute>(inherit: false) is { Immutable: true });
}
