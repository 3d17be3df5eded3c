using Microsoft.Extensions.Configuration;

namespace NearCache;

/// <summary>The section that a cache is configured by.</summary>
/// <param name="Name">The name of the cache; empty for the one without a name.</param>
/// <param name="Section">The section.</param>
internal sealed record SettingsSource(string Name, IConfiguration Section);
