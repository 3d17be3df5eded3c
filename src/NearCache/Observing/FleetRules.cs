namespace NearCache;

/// <summary>The rules of a namespace, in each place that has them, as a <see cref="FleetClient"/> has observed them.</summary>
public sealed record FleetRules
{
    /// <summary>
    /// Gets the rules and stops that count: those of the registry; without one, the newest that a memcached server carries. Stops of all
    /// places are merged.
    /// </summary>
    public required Observed<RegistrySnapshot> Current { get; init; }

    /// <summary>Gets the registry in ZooKeeper.</summary>
    public required Observed<RegistrySnapshot> Registry { get; init; }

    /// <summary>Gets what each memcached server carries.</summary>
    public required IReadOnlyList<FleetServerRules> Servers { get; init; }
}

/// <summary>The rules that one memcached server carries.</summary>
public sealed record FleetServerRules
{
    /// <summary>Gets the configured name of the server.</summary>
    public required string Server { get; init; }

    /// <summary>Gets what the server carries.</summary>
    public required Observed<FleetCarriedRules> Carried { get; init; }
}

/// <summary>What a memcached server carries of the rules.</summary>
public sealed record FleetCarriedRules
{
    /// <summary>Gets the revision; null if the server carries no rules.</summary>
    public required long? Revision { get; init; }

    /// <summary>
    /// Gets the highest revision whose rules the server has carried for a whole lease, so that every writer knows them; null without rules.
    /// </summary>
    public required long? SettledRevision { get; init; }

    /// <summary>Gets the stops.</summary>
    public required IReadOnlyList<RuleStop> Stops { get; init; }
}

/// <summary>A place outside of the processes that has been told of a stop, or of what else an operation changes.</summary>
public sealed record FleetDelivery
{
    /// <summary>Gets the name of the memcached server, or <c>registry</c>.</summary>
    public required string Place { get; init; }

    /// <summary>Gets a value indicating whether the place has stored it; not a value but a reason if that is not known.</summary>
    public required Observed<bool> Stored { get; init; }
}
