namespace NearCache.Memcached.Connections;

/// <summary>What became of an operation that should stand in line.</summary>
internal enum QueueResult
{
    Queued,

    /// <summary>As much is in flight as may be.</summary>
    Full,

    /// <summary>This connection has ended.</summary>
    Closed,
}
