namespace NearCache.Memcached;

/// <summary>
/// Specifies how keys are distributed over the servers. All clients that share the servers must use the same distribution.
/// </summary>
public enum MemcachedDistribution
{
    /// <summary>libmemcached's <c>CONSISTENT_KETAMA</c> with the hash MD5 and equal weights: 100 points per server.</summary>
    Ketama,

    /// <summary>
    /// libmemcached's <c>CONSISTENT_KETAMA</c> with <c>KETAMA_WEIGHTED</c>: MD5, 160 points for a server of average weight. Supports
    /// weights.
    /// </summary>
    KetamaWeighted,

    /// <summary>libmemcached's <c>CONSISTENT_KETAMA_SPY</c>, which is compatible with spymemcached: MD5, 100 points per server.</summary>
    KetamaSpy,

    /// <summary>libmemcached's <c>CONSISTENT_KETAMA</c> with its default hash, Bob Jenkins' one-at-a-time: 100 points per server.</summary>
    KetamaOneAtATime,

    /// <summary>The ring of EnyimMemcachedCore's <c>DefaultNodeLocator</c>: FNV-1a, 100 points per server.</summary>
    Enyim,

    /// <summary>
    /// libmemcached's default, <c>MODULA</c>: the hash of the key modulo the number of servers. The order of the servers matters, and most
    /// keys move when a server is added or removed.
    /// </summary>
    Modulo,

    /// <summary>
    /// Rendezvous hashing (highest random weight). Only the keys of a server that is added or removed move. Supports weights.
    /// </summary>
    Rendezvous,
}
