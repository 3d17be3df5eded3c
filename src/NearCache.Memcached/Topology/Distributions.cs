namespace NearCache.Memcached.Topology;

/// <summary>The locators by their names in settings.</summary>
internal static class Distributions
{
    public static IServerLocator Make(MemcachedDistribution distribution, IReadOnlyList<RingServer> servers) => distribution switch
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

    /// <summary>Whether it heeds weights.</summary>
    public static bool KnowsWeights(MemcachedDistribution distribution) => distribution is MemcachedDistribution.KetamaWeighted or MemcachedDistribution.Rendezvous;
}
