namespace NearCache.Memcached.Protocol;

/// <summary>memcached's answer to one <see cref="MetaCommand"/>. Fields that were not asked for hold their defaults.</summary>
public readonly record struct MetaResponse
{
    /// <summary>How it went.</summary>
    public required MetaStatus Status { get; init; }

    /// <summary>
    /// The value, owned by whoever received the response. For arithmetic the number as decimal digits; see <see cref="Number"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>The counter's value after arithmetic with <see cref="MetaFields.Value"/>.</summary>
    public ulong Number { get; init; }

    /// <summary>f</summary>
    public uint ClientFlags { get; init; }

    /// <summary>c. CAS ids start again at 1 when the server restarts.</summary>
    public ulong Cas { get; init; }

    /// <summary>t: seconds left to live, −1 for ever.</summary>
    public int TimeToLive { get; init; }

    /// <summary>l: seconds since the last access.</summary>
    public int LastAccess { get; init; }

    /// <summary>s: bytes of the value.</summary>
    public int Size { get; init; }

    /// <summary>h: whether it was read before.</summary>
    public bool WasHit { get; init; }

    /// <summary>W: this caller is the one that shall fetch the value again.</summary>
    public bool IsWinner { get; init; }

    /// <summary>Z: another caller has been given the win.</summary>
    public bool IsWonByAnother { get; init; }

    /// <summary>X: the value was marked stale.</summary>
    public bool IsStale { get; init; }

    /// <summary>The server's words when <see cref="Status"/> is <see cref="MetaStatus.Error"/>.</summary>
    public string? Error { get; init; }
}

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
