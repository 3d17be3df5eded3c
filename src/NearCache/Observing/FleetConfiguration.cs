using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace NearCache;

/// <summary>Reads the configuration of caches for programs that run none, with the checks that a starting cache makes.</summary>
public static class FleetConfiguration
{
    /// <summary>Reads the settings of a section, as <c>AddNearCache</c> does.</summary>
    /// <param name="section">The section, such as <c>NearCache</c>.</param>
    /// <returns>The settings. Mistakes in the section are kept for <see cref="FindMistakes"/> and <see cref="FleetClient"/>.</returns>
    public static NearCacheOptions Read(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        var options = new NearCacheOptions();
        NearCacheConfiguration.Read(section, options);
        return options;
    }

    /// <summary>Returns every mistake in the settings as a starting cache names it; empty if there is none.</summary>
    /// <remarks>ZooKeeper without a memcached server is accepted: such caches use another remote.</remarks>
    public static IReadOnlyList<string> FindMistakes(NearCacheOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return [.. NearCacheOptionsValidator.ValidateObserved(options).Failures ?? []];
    }

    /// <summary>Reads rules from the entry <c>Rules</c> of a section, and checks them as a starting cache does.</summary>
    /// <param name="section">The section.</param>
    /// <exception cref="OptionsValidationException">A rule is invalid, or an entry is unknown. The message has every mistake.</exception>
    public static IReadOnlyList<RuleOptions> ReadRules(IConfiguration section)
    {
        // The other settings are the defaults, which are valid with any server.
        var options = Read(section);
        options.Memcached.Servers.Clear();
        options.Memcached.Servers.Add("localhost");
        return FindMistakes(options) is { Count: > 0 } mistakes
            ? throw new OptionsValidationException(nameof(NearCacheOptions), typeof(NearCacheOptions), mistakes)
            : [.. options.Rules];
    }
}
