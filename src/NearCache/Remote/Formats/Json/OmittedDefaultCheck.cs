using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// Refuses a value with a member that is omitted because it has its default, if reading would give the member another initial value.
/// </summary>
/// <remarks>The initial value is determined only when a member is omitted.</remarks>
internal sealed class OmittedDefaultCheck
{
    private readonly JsonTypeInfo _holder;
    private readonly JsonPropertyInfo _property;
    private readonly Func<object, object?> _get;
    private readonly object? _unset;
    private object? _initial;
    private volatile bool _isKnown;   // guards _initial

    private OmittedDefaultCheck(JsonTypeInfo holder, JsonPropertyInfo property, object? unset) =>
        (_holder, _property, _get, _unset) = (holder, property, property.Get!, unset);

    /// <summary>Returns the check of a member, or null if the member is always written.</summary>
    public static OmittedDefaultCheck? Of(JsonTypeInfo holder, JsonPropertyInfo property)
    {
        if (property.ShouldSerialize is null && property.Options.DefaultIgnoreCondition == JsonIgnoreCondition.Never)
        {
            return null;
        }

        var unset = property.PropertyType.IsValueType && Nullable.GetUnderlyingType(property.PropertyType) is null
            ? DefaultOf(property.PropertyType)
            : null;
        return IsLeftOut(property, unset) ? new OmittedDefaultCheck(holder, property, unset) : null;
    }

    /// <exception cref="NotSupportedException">The member would be read back with another value.</exception>
    public void Check(object? value)
    {
        if (!Equals(value, _unset))
        {
            return;
        }

        if (!_isKnown)
        {
            _initial = TypeState.InitialOf(_property, _get, _holder);
            _isKnown = true;
        }

        if (_initial is not null && !_initial.Equals(_unset))
        {
            throw new NotSupportedException(
                $"{TypeNames.Of(_holder.Type)}.{(_property.AttributeProvider as MemberInfo)?.Name ?? _property.Name} is "
                    + $"{_unset ?? "null"}, which is not written, and would be read as {_initial}. Write it "
                + "always ([JsonIgnore(Condition = JsonIgnoreCondition.Never)]), or remove its initial value. "
                + $"{TypeNames.Remedy(_holder.Type)}");
        }
    }

    private static bool IsLeftOut(JsonPropertyInfo property, object? unset)
    {
        if (property.ShouldSerialize is not { } should)
        {
            return property.Options.DefaultIgnoreCondition == JsonIgnoreCondition.WhenWritingDefault || unset is null;
        }

        try
        {
            return !should(null!, unset);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // A condition of the application that inspects the object.
            return false;
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2067", Justification = "A value type needs no constructor.")]
    private static object DefaultOf(Type type) => RuntimeHelpers.GetUninitializedObject(type);
}
