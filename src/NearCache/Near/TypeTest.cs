using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace NearCache.Near;

/// <summary>A type check that is fast if the object's type is exactly the requested one.</summary>
internal static class TypeTest
{
    /// <summary>Returns whether an object is a <typeparamref name="T"/>.</summary>
    /// <remarks>
    /// In shared generic code, <c>is T</c> for a reference type looks the type up in the runtime, which costs more than comparing the type
    /// of the object. A value requested as <see cref="object"/> is always a <see cref="JsonElement"/>, so no other object matches.
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Is<T>(object? stored, [NotNullWhen(true)] out T? value)
    {
        if (!typeof(T).IsValueType && stored is not null && stored.GetType() == typeof(T))
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
