using Microsoft.Extensions.Options;
using NearCache.Rules;

namespace NearCache;

/// <summary>
/// Verifies that caches of a container with the same namespace and servers have the same settings, because other processes see them as one
/// cache.
/// </summary>
internal sealed class NamespaceGuard
{
    private readonly Lock _lock = new();   // guards the list
    private readonly List<(string Name, NearCacheOptions Options)> _caches = [];

    /// <summary>Adds a cache.</summary>
    /// <exception cref="OptionsValidationException">Another cache has the same namespace and servers, but other settings.</exception>
    public void Add(string name, NearCacheOptions options)
    {
        lock (_lock)
        {
            foreach (var (other, settings) in _caches)
            {
                if (other != name
                    && settings.Namespace == options.Namespace
                    && WhatDiffers(settings, options) is { Count: > 0 } differences)
                {
                    throw new OptionsValidationException(name, typeof(NearCacheOptions), [
                        $"The caches {Quoted(other)} and {Quoted(name)} have the namespace \"{options.Namespace}\" on the same servers, "
                            + $"but other settings ({string.Join(", ", differences)}): "
                        + "give one of them a Namespace of its own, or both the same settings."]);
                }
            }

            _caches.Add((name, options));
        }
    }

    // Empty if the two share nothing, or everything.
    private static List<string> WhatDiffers(NearCacheOptions one, NearCacheOptions other)
    {
        var isShared = one.Memcached.Servers.Intersect(other.Memcached.Servers, StringComparer.Ordinal).Any()
            || (one.DistributedCache is not null && ReferenceEquals(one.DistributedCache, other.DistributedCache));
        if (!isShared)
        {
            return [];
        }

        List<string> differences =
            [.. ReloadableSettings.All.Where(setting => !setting.AreEqual(one, other)).Select(setting => setting.Name)];
        if (!one.Memcached.Servers.ToHashSet(StringComparer.Ordinal).SetEquals(other.Memcached.Servers))
        {
            differences.Add($"{nameof(one.Memcached)}:{nameof(one.Memcached.Servers)}");
        }

        if (!RuleSet.Seed(one.Rules).IsSame(RuleSet.Seed(other.Rules)))
        {
            differences.Add(nameof(one.Rules));
        }

        return differences;
    }

    private static string Quoted(string name) => name.Length == 0 ? "without a name" : $"\"{name}\"";
}
