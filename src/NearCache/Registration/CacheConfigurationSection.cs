using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Configuration;

namespace NearCache;

/// <summary>The configuration section of a cache.</summary>
/// <param name="Name">The name of the cache; empty for the unnamed one.</param>
/// <param name="Section">The section.</param>
internal sealed record CacheConfigurationSection(string Name, IConfiguration Section)
{
    /// <summary>Gets a value indicating whether the section does not exist.</summary>
    public bool IsAbsent => Section is IConfigurationSection section && !section.Exists();

    /// <summary>Returns a sentence that names the missing section and the most similar existing one.</summary>
    public string DescribeAbsence(IServiceProvider services)
    {
        var path = ((IConfigurationSection)Section).Path;
        var parent = ConfigurationPath.GetParentPath(path);
        IConfiguration? above = services.GetService<IConfiguration>();
        var others = (string.IsNullOrEmpty(parent) ? above : above?.GetSection(parent))?.GetChildren()
            .Where(child => child.GetChildren().Any())
            .Select(child => child.Key)
            .ToArray() ?? [];
        return NearestName.Find(ConfigurationPath.GetSectionKey(path), others) is { } nearest
            ? $"The section {path} does not exist in the configuration. Did you mean "
                + $"{(string.IsNullOrEmpty(parent) ? nearest : ConfigurationPath.Combine(parent, nearest))}?"
            : $"The section {path} does not exist in the configuration.";
    }
}
