using System.ComponentModel;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace NearCache.Near;

/// <summary>Whether values of a type can be shared between callers.</summary>
/// <remarks>Strings, enums, types without references, <see cref="ReadOnlyMemory{T}"/> of bytes, and sealed types that say <c>[ImmutableObject(true)]</c>.</remarks>
internal static class Immutability<T>
{
    public static readonly bool IsImmutable =
        typeof(T) == typeof(string)
        || typeof(T) == typeof(ReadOnlyMemory<byte>)
        || typeof(T) == typeof(Uri)
        || typeof(T) == typeof(Version)
        || (typeof(T).IsValueType && !RuntimeHelpers.IsReferenceOrContainsReferences<T>())
        || ((typeof(T).IsSealed || typeof(T).IsValueType) && typeof(T).GetCustomAttribute<ImmutableObjectAttribute>() is { Immutable: true });
}
