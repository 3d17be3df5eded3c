using System.Globalization;

namespace NearCache.Memcached.Topology;

/// <summary>Creates the locator of a distribution.</summary>
internal static class ServerLocators
{
    public static IServerLocator Create(MemcachedDistribution distribution, IReadOnlyList<WeightedServer> servers) => distribution switch
    {
        MemcachedDistribution.Ketama => new KetamaLocator(servers),
        MemcachedDistribution.KetamaWeighted => new KetamaLocator(servers, KetamaVariant.Weighted),
        MemcachedDistribution.KetamaSpy => new KetamaLocator(servers, KetamaVariant.Spy),
        MemcachedDistribution.KetamaOneAtATime => new KetamaLocator(servers, KetamaVariant.OneAtATime),
        MemcachedDistribution.Enyim => new EnyimLocator(servers),
        MemcachedDistribution.Modulo => new ModuloLocator(servers),
        MemcachedDistribution.Rendezvous => new RendezvousLocator(servers),
        _ => throw new ArgumentOutOfRangeException(nameof(distribution), distribution, "There is no such distribution."),
    };

    /// <summary>Returns a text that represents everything that determines the server of a key.</summary>
    /// <remarks>Processes compare a hash of the text; see docs/formats.md, "ZooKeeper".</remarks>
    public static string Describe(MemcachedOptions options, IReadOnlyList<ServerEntry> entries)
    {
        var hasOrder = options.Locator is not null || options.Distribution == MemcachedDistribution.Modulo;
        var servers = entries.Select(
            entry => entry.Weight == 1 ? entry.Name : string.Create(CultureInfo.InvariantCulture, $"{entry.Name} weight={entry.Weight}"));
        var list = string.Join(',', hasOrder ? servers : servers.Order(StringComparer.Ordinal));
        return entries.Count == 1 ? entries[0].Name
            : options.Locator is not null ? $"Locator;{list}"
            : options.Distribution == default ? list
            : $"{options.Distribution};{list}";
    }

    /// <summary>Returns whether the distribution supports weights.</summary>
    public static bool SupportsWeights(MemcachedDistribution distribution) =>
        distribution is MemcachedDistribution.KetamaWeighted or MemcachedDistribution.Rendezvous;
}
