using System.Text.Json;

namespace NearCache.Rules;

/// <summary>
/// The members of a JSON object that this process does not know. A newer version may have written them, so they are passed on.
/// </summary>
internal sealed class UnknownMembers : IEquatable<UnknownMembers>
{
    private readonly (string Name, string Value)[] _members;

    private UnknownMembers((string Name, string Value)[] members) => _members = members;

    /// <summary>Gets an empty instance.</summary>
    public static UnknownMembers None { get; } = new([]);

    /// <summary>Gets whether there are none.</summary>
    public bool IsEmpty => _members.Length == 0;

    /// <summary>Returns the unknown members of an object.</summary>
    /// <param name="element">The object.</param>
    /// <param name="known">The known names.</param>
    /// <param name="most">The most characters that are kept.</param>
    public static UnknownMembers Of(JsonElement element, ReadOnlySpan<string> known, int most = int.MaxValue)
    {
        List<(string, string)>? others = null;
        foreach (var member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name))
            {
                var value = member.Value.GetRawText();
                most -= member.Name.Length + value.Length;
                (others ??= []).Add((member.Name, value));
            }
        }

        return others is null || most < 0 ? None : new UnknownMembers([.. others]);
    }

    /// <summary>Writes the members into an object, in the order in which they were found.</summary>
    public void WriteTo(Utf8JsonWriter writer)
    {
        foreach (var (name, value) in _members)
        {
            writer.WritePropertyName(name);
            writer.WriteRawValue(value);
        }
    }

    /// <inheritdoc/>
    public bool Equals(UnknownMembers? other) => other is not null && _members.AsSpan().SequenceEqual(other._members);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as UnknownMembers);

    /// <inheritdoc/>
    public override int GetHashCode() => _members.Length;

    /// <inheritdoc/>
    public override string ToString() => string.Join(',', _members.Select(member => $"{member.Name}:{member.Value}"));
}
