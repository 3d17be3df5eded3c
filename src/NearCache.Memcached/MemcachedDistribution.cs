using NearCache.Memcached.Topology;

namespace NearCache.Memcached;

/// <summary>How keys are spread over the servers. Whatever it is, all clients that share the servers must have the same.</summary>
public enum MemcachedDistribution
{
    /// <summary>libmemcached's <c>CONSISTENT_KETAMA</c> with the hash MD5, equal weights: <see cref="KetamaVariant.Md5"/>.</summary>
    Ketama,

    /// <summary>libmemcached's <c>CONSISTENT_KETAMA</c> with <c>KETAMA_WEIGHTED</c>: <see cref="KetamaVariant.Weighted"/>.</summary>
    KetamaWeighted,

    /// <summary>libmemcached's <c>CONSISTENT_KETAMA_SPY</c>: <see cref="KetamaVariant.Spy"/>.</summary>
    KetamaSpy,

    /// <summary>libmemcached's <c>CONSISTENT_KETAMA</c> with its default hash: <see cref="KetamaVariant.OneAtATime"/>.</summary>
    KetamaOneAtATime,

    /// <summary>EnyimMemcachedCore's default: <see cref="EnyimLocator"/>.</summary>
    Enyim,

    /// <summary>libmemcached's default, <c>MODULA</c>: <see cref="ModuloLocator"/>.</summary>
    Modulo,

    /// <summary>The highest draw has the key, by weight: <see cref="RendezvousLocator"/>.</summary>
    Rendezvous,
}
