namespace NearCache.Memcached.Topology;

/// <summary>How a ketama ring is made; libmemcached has all four.</summary>
public enum KetamaVariant
{
    /// <summary>MD5, 100 points a server, whatever its weight: <c>CONSISTENT_KETAMA</c> with the hash MD5.</summary>
    Md5,

    /// <summary>
    /// MD5, 160 points for a server of average weight, four from each digest: <c>CONSISTENT_KETAMA</c> with <c>KETAMA_WEIGHTED</c>.
    /// </summary>
    Weighted,

    /// <summary>MD5, 100 points a server, named as spymemcached names those without a host name: <c>CONSISTENT_KETAMA_SPY</c>.</summary>
    Spy,

    /// <summary>Bob Jenkins' one-at-a-time hash, 100 points a server: <c>CONSISTENT_KETAMA</c> with libmemcached's default hash.</summary>
    OneAtATime,
}
