using System.Collections;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace NearCache.Remote.Formats.Json;

/// <summary>
/// Refuses extension data that would come back changed: a name of another member of the type, or one with an unpaired surrogate.
/// </summary>
/// <param name="holder">The contract of the type.</param>
internal sealed class ExtensionDataCheck(JsonTypeInfo holder)
{
    private readonly Lazy<HashSet<string>> _names = new(() => new HashSet<string>(
        holder.Properties.Where(property => !property.IsExtensionData).Select(property => property.Name),
        holder.Options.PropertyNameCaseInsensitive ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal));

    /// <exception cref="ArgumentException">The data would come back changed.</exception>
    public void Check(object? data)
    {
        foreach (var name in NamesOf(data))
        {
            if (!StrictUtf8.IsWellFormed(name))
            {
                throw StrictUtf8.LoneSurrogate("A name of extension data", nameof(data));
            }

            if (_names.Value.Contains(name))
            {
                throw new ArgumentException(
                    $"The extension data of a {TypeNames.Of(holder.Type)} has the name of a member, {name}, and would overwrite it when it "
                        + "is read. Store it under another name.",
                    nameof(data));
            }
        }
    }

    private static IEnumerable<string> NamesOf(object? data) => data switch
    {
        JsonObject node => node.Select(member => member.Key),
        IDictionary map => map.Keys.OfType<string>(),
        _ => [],
    };
}
