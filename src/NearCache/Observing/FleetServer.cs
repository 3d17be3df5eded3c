using NearCache.Memcached;

namespace NearCache;

/// <summary>A memcached server of the fleet, as a <see cref="FleetClient"/> has observed it.</summary>
public sealed record FleetServer
{
    /// <summary>Gets the configured name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the state of this client's connection.</summary>
    public required MemcachedServerState State { get; init; }

    /// <summary>Gets the statistics of the server.</summary>
    public required Observed<FleetServerStatistics> Statistics { get; init; }

    /// <summary>Gets the settings of the server.</summary>
    public required Observed<FleetServerSettings> Settings { get; init; }

    /// <summary>Gets what the server holds for the namespace.</summary>
    public required Observed<FleetServerNamespace> Namespace { get; init; }
}

/// <summary>The statistics of a memcached server. A figure that the server's version does not give is null.</summary>
public sealed record FleetServerStatistics
{
    /// <summary>Gets the version.</summary>
    public required string? Version { get; init; }

    /// <summary>Gets the time since the server started.</summary>
    public required TimeSpan? Uptime { get; init; }

    /// <summary>Gets the connections that are open, including that of this client.</summary>
    public required long? Connections { get; init; }

    /// <summary>Gets the most connections that the server accepts.</summary>
    public required long? MaxConnections { get; init; }

    /// <summary>Gets the connections that were refused since the start, because there were too many.</summary>
    public required long? RejectedConnections { get; init; }

    /// <summary>Gets the bytes of all items.</summary>
    public required long? Bytes { get; init; }

    /// <summary>Gets the most bytes of all items.</summary>
    public required long? MaxBytes { get; init; }

    /// <summary>Gets the number of items.</summary>
    public required long? Items { get; init; }

    /// <summary>Gets the items that were evicted before their end, since the start.</summary>
    public required long? Evictions { get; init; }

    /// <summary>Gets the reads that found an item, since the start.</summary>
    public required long? Hits { get; init; }

    /// <summary>Gets the reads that found none, since the start.</summary>
    public required long? Misses { get; init; }

    /// <summary>Gets all statistics by the names of the server.</summary>
    public required IReadOnlyDictionary<string, string> All { get; init; }
}

/// <summary>The settings of a memcached server. A setting that the server's version does not give is null.</summary>
public sealed record FleetServerSettings
{
    /// <summary>Gets the time after which the server closes an idle connection; zero for never.</summary>
    public required TimeSpan? IdleTimeout { get; init; }

    /// <summary>Gets the largest item, in bytes.</summary>
    public required long? MaxItemBytes { get; init; }

    /// <summary>Gets the number of threads that serve connections.</summary>
    public required long? Threads { get; init; }

    /// <summary>Gets all settings by the names of the server.</summary>
    public required IReadOnlyDictionary<string, string> All { get; init; }
}

/// <summary>What a memcached server holds for a namespace.</summary>
public sealed record FleetServerNamespace
{
    /// <summary>Gets the counted writes since the counters were created, plus their random start; null if there are no counters.</summary>
    public required long? Writes { get; init; }

    /// <summary>Gets the prefix of the namespace's keys; null if the server does not say.</summary>
    public required string? KeyPrefix { get; init; }

    /// <summary>Gets the identity of the server for the namespace; null if the server has none.</summary>
    public string? Identity { get; init; }

    /// <summary>Gets a value indicating whether the server carries rules.</summary>
    public required bool HasRules { get; init; }
}
