namespace NearCache.Memcached.Protocol;

/// <summary>How memcached answered one command.</summary>
public enum MetaStatus
{
    /// <summary>HD or VA: done, found, stored. MN for the no-op.</summary>
    Ok,

    /// <summary>EN: a get found nothing.</summary>
    Miss,

    /// <summary>NS: not stored (add of a key that is there, replace or append of one that is not).</summary>
    NotStored,

    /// <summary>EX: the item's CAS is another.</summary>
    Exists,

    /// <summary>NF: delete, arithmetic or compare-and-set of a key that is not there.</summary>
    NotFound,

    /// <summary>
    /// SERVER_ERROR or CLIENT_ERROR about this command alone, for instance a value that is too large: see <see cref="MetaResponse.Error"/>.
    /// </summary>
    Error,
}
