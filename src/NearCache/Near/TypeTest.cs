using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace NearCache.Near;

/// <summary>A type test that is fast for objects of exactly the requested type.</summary>
internal static class TypeTest
{
    /// <summary>
    /// Returns whether an object is a <typeparamref name="T"/>. In shared generic code <c>is T</c> looks up a runtime table; comparing the
    /// object's type first is faster.
    /// </summary>
    /// <remarks>
    /// Values read as <see cref="object"/> are always a <see cref="JsonElement"/>, so no other object passes as one.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Is<T>(object? stored, [NotNullWhen(true)] out T? value)
    {
        if (!typeof(T).IsValueType && stored?.GetType() == typeof(T))
        {
            value = Unsafe.As<object, T>(ref stored)!;
            return true;
        }

        if (stored is T other && (typeof(T) != typeof(object) || stored is JsonElement))
        {
            value = other;
            return true;
        }

        value = default;
        return false;
    }
}
