namespace NearCache.Memcached.Protocol;

/// <summary>
/// Represents memcached's response to a <see cref="MetaCommand"/>. Fields that were not requested have their default values.
/// </summary>
public readonly record struct MetaResponse
{
    /// <summary>Gets the status.</summary>
    public required MetaStatus Status { get; init; }

    /// <summary>
    /// Gets the value, owned by the receiver of the response. For arithmetic, the number in decimal digits; see <see cref="Number"/>.
    /// </summary>
    public ReadOnlyMemory<byte> Value { get; init; }

    /// <summary>Gets the value of the counter after arithmetic with <see cref="MetaFields.Value"/>.</summary>
    public ulong Number { get; init; }

    /// <summary>Gets the client flags (f).</summary>
    public uint ClientFlags { get; init; }

    /// <summary>Gets the CAS (c). CAS ids restart at 1 when the server restarts.</summary>
    public ulong Cas { get; init; }

    /// <summary>Gets the remaining time to live in seconds (t); −1 if it is unlimited.</summary>
    public int TimeToLive { get; init; }

    /// <summary>Gets the seconds since the last access (l).</summary>
    public int LastAccess { get; init; }

    /// <summary>Gets the size of the value in bytes (s).</summary>
    public int Size { get; init; }

    /// <summary>Gets a value that indicates whether the item was read before (h).</summary>
    public bool WasHit { get; init; }

    /// <summary>Gets a value that indicates whether this caller is to fetch the value again (W).</summary>
    public bool IsWinner { get; init; }

    /// <summary>Gets a value that indicates whether another caller is to fetch the value again (Z).</summary>
    public bool IsWonByAnother { get; init; }

    /// <summary>Gets a value that indicates whether the value is marked as stale (X).</summary>
    public bool IsStale { get; init; }

    /// <summary>Gets the server's error message if <see cref="Status"/> is <see cref="MetaStatus.Error"/>; otherwise null.</summary>
    public string? Error { get; init; }
}

/// <summary>Specifies the outcome of a command.</summary>
public enum MetaStatus
{
    /// <summary>HD or VA: done, found or stored. MN: the reply to a no-op.</summary>
    Ok,

    /// <summary>EN: a get found no item.</summary>
    Miss,

    /// <summary>NS: not stored. The item exists (add), or does not exist (replace, append, prepend).</summary>
    NotStored,

    /// <summary>EX: the item has another CAS.</summary>
    Exists,

    /// <summary>NF: a delete, arithmetic or compare-and-set found no item.</summary>
    NotFound,

    /// <summary>
    /// SERVER_ERROR or CLIENT_ERROR that concerns this command alone, for instance a value that is too large; see
    /// <see cref="MetaResponse.Error"/>.
    /// </summary>
    Error,
}
