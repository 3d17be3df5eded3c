namespace NearCache;

/// <summary>The results of the monitor in a process: near hits that were checked against memcached since the cache was created.</summary>
public sealed record MonitorSnapshot
{
    /// <summary>Gets the number of completed checks.</summary>
    public required long Checked { get; init; }

    /// <summary>Gets the number of checks in which memcached had the version that was served.</summary>
    public required long Agreed { get; init; }

    /// <summary>
    /// Gets the number of checks in which memcached had another version and the entry was voided in time, by the delay: up to 10 ms, 100
    /// ms, 1 s, and <see cref="NearCacheOptions.MaxStaleness"/>.
    /// </summary>
    public required IReadOnlyList<long> VoidedByDelay { get; init; }

    /// <summary>
    /// Gets the number of checks in which memcached had another version that no counted mutation explains: the item was evicted or has
    /// expired, and may have been stored again; or a writer does not count.
    /// </summary>
    public required long Unclassified { get; init; }

    /// <summary>Gets the number of near hits that broke the promise.</summary>
    public required long Violations { get; init; }

    /// <summary>Gets the time since the last of these near hits was found; null without one.</summary>
    public TimeSpan? ViolatedBefore { get; init; }
}
