namespace NearCache;

/// <summary>The ZooKeeper ensemble of a fleet, as a <see cref="FleetClient"/> has observed it.</summary>
public sealed record FleetEnsemble
{
    /// <summary>Gets the state of this client's session.</summary>
    public required string Session { get; init; }

    /// <summary>Gets the chroot of the connection string; empty if there is none.</summary>
    public required string Chroot { get; init; }

    /// <summary>Gets the id of the newest transaction that a reply has shown.</summary>
    public required Observed<long> LastZxid { get; init; }

    /// <summary>
    /// Gets the transactions a second of all clients of the ensemble, from the ids in two replies at least a second apart. Unknown at the
    /// first reading, and after the election of a leader.
    /// </summary>
    public required Observed<double> TransactionsPerSecond { get; init; }

    /// <summary>Gets the servers of the connection string.</summary>
    public required IReadOnlyList<FleetEnsembleServer> Servers { get; init; }

    /// <summary>Gets the nodes of the namespace.</summary>
    public required Observed<FleetSubtree> Subtree { get; init; }
}

/// <summary>
/// A server of the ensemble. Each part needs a four-letter word that the server permits; <c>srvr</c> is permitted by default.
/// </summary>
public sealed record FleetEnsembleServer
{
    /// <summary>Gets the server as configured.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the reply to <c>srvr</c>.</summary>
    public required Observed<FleetEnsembleStatus> Status { get; init; }

    /// <summary>Gets the reply to <c>mntr</c>: figures by the names of the server.</summary>
    public required Observed<IReadOnlyDictionary<string, string>> Monitor { get; init; }

    /// <summary>Gets the reply to <c>cons</c>: the connections of all clients.</summary>
    public required Observed<IReadOnlyList<FleetEnsembleConnection>> Connections { get; init; }
}

/// <summary>What a server of the ensemble reports of itself. A figure that it does not report is null.</summary>
public sealed record FleetEnsembleStatus
{
    /// <summary>Gets the version of ZooKeeper.</summary>
    public required string? Version { get; init; }

    /// <summary>Gets <c>leader</c>, <c>follower</c>, <c>observer</c> or <c>standalone</c>.</summary>
    public required string Mode { get; init; }

    /// <summary>Gets the newest transaction that the server knows.</summary>
    public required long? Zxid { get; init; }

    /// <summary>Gets the number of nodes of all applications.</summary>
    public required long? Nodes { get; init; }

    /// <summary>Gets the number of connected clients.</summary>
    public required long? Connections { get; init; }

    /// <summary>Gets the requests that wait.</summary>
    public required long? Outstanding { get; init; }

    /// <summary>Gets the mean time of a request since the server's statistics were reset, in milliseconds.</summary>
    public required double? MeanLatency { get; init; }

    /// <summary>Gets the longest time of a request since the server's statistics were reset, in milliseconds.</summary>
    public required double? LongestLatency { get; init; }
}

/// <summary>A connection of a client of the ensemble.</summary>
public sealed record FleetEnsembleConnection
{
    /// <summary>Gets the address and port of the client.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the session; null before there is one.</summary>
    public required long? SessionId { get; init; }
}

/// <summary>The nodes of a namespace in ZooKeeper.</summary>
public sealed record FleetSubtree
{
    /// <summary>Gets the nodes that are missing, in the order in which they are created.</summary>
    public required IReadOnlyList<string> Missing { get; init; }

    /// <summary>Gets the format that the namespace states; null if it states none or cannot be read.</summary>
    public required int? Format { get; init; }

    /// <summary>Gets the number of members: processes that have lived for a session timeout.</summary>
    public required int Members { get; init; }

    /// <summary>Gets the nodes of the namespace that belong to no part of the present layout, as far as one level shows them.</summary>
    public required int Leftovers { get; init; }

    /// <summary>Gets how often the registry was written; null if there is none.</summary>
    public required int? RegistryWrites { get; init; }

    /// <summary>Gets the size of the registry in bytes; null if there is none.</summary>
    public required int? RegistryBytes { get; init; }

    /// <summary>Gets how often each slot was written since it was created.</summary>
    public required IReadOnlyList<int> SlotWrites { get; init; }

    /// <summary>Gets the quota of the namespace.</summary>
    public required Observed<FleetQuota> Quota { get; init; }
}

/// <summary>A quota of the namespace.</summary>
public sealed record FleetQuota
{
    /// <summary>Gets the limits as text of ZooKeeper, such as <c>count=100,bytes=-1</c>; null if there is no quota.</summary>
    public required string? Limits { get; init; }

    /// <summary>Gets what is used, as text of ZooKeeper; null if there is no quota.</summary>
    public required string? Used { get; init; }
}

/// <summary>A namespace of NearCache in the ensemble.</summary>
public sealed record FleetNamespace
{
    /// <summary>Gets the name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets a value indicating whether it is the namespace of this client.</summary>
    public required bool IsOwn { get; init; }

    /// <summary>Gets the number of members; a namespace without members may be a leftover, or a fleet that is switched off.</summary>
    public required Observed<int> Members { get; init; }

    /// <summary>Gets how often a process joined or left since the namespace was created.</summary>
    public required Observed<int> JoinsAndLeaves { get; init; }

    /// <summary>Gets when the namespace was created, by the clock of the ensemble.</summary>
    public required Observed<DateTimeOffset> CreatedAt { get; init; }
}

/// <summary>The applications beside NearCache in the ensemble.</summary>
public sealed record FleetCoTenants
{
    /// <summary>Gets the number of names at the root that do not belong to NearCache.</summary>
    public required int Count { get; init; }

    /// <summary>Gets at most 50 of them. What is below them is never listed.</summary>
    public required IReadOnlyList<FleetCoTenant> Names { get; init; }
}

/// <summary>An application beside NearCache in the ensemble.</summary>
public sealed record FleetCoTenant
{
    /// <summary>Gets the name at the root, with its slash.</summary>
    public required string Path { get; init; }

    /// <summary>Gets the product that uses such a name; null if it is not known.</summary>
    public required string? Product { get; init; }

    /// <summary>Gets the number of its direct children.</summary>
    public required Observed<int> Children { get; init; }

    /// <summary>Gets how often a direct child was created or deleted: a rise between two readings is its rate.</summary>
    public required Observed<int> ChildrenChanges { get; init; }
}
