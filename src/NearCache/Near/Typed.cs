using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace NearCache.Near;

/// <summary>Finds out whether an object is of a type, most often of that very one.</summary>
internal static class Typed
{
    /// <summary>
    /// As <c>is T</c>, which asks a table of the runtime where T is a reference type of generic code; that costs more than a look at the
    /// object.
    /// </summary>
    /// <remarks>
    /// What is asked for as <see cref="object"/> is a <see cref="JsonElement"/> from wherever it comes, so no other object is one.
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
