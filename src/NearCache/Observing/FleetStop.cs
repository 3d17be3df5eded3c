namespace NearCache;

/// <summary>A stop, where it is stored, and which processes have obeyed it.</summary>
public sealed record FleetStop
{
    /// <summary>Gets the stop.</summary>
    public required RuleStop Stop { get; init; }

    /// <summary>Gets whether the registry and each memcached server have stored it. Processes carry it to those that have not.</summary>
    public required IReadOnlyList<FleetDelivery> Places { get; init; }

    /// <summary>Gets which processes have obeyed.</summary>
    public required Observed<FleetObedience> Obedience { get; init; }
}

/// <summary>The end of stops, and which processes know it.</summary>
public sealed record FleetResume
{
    /// <summary>Gets the rules and stops after the edit that cleared the stops.</summary>
    public required RegistrySnapshot Rules { get; init; }

    /// <summary>Gets which processes know the edit. Keys are near again a few seconds later.</summary>
    public required Observed<FleetObedience> Obedience { get; init; }
}

/// <summary>Which processes of a fleet have obeyed, by their reports.</summary>
public sealed record FleetObedience
{
    /// <summary>Gets a value indicating whether every known process has obeyed.</summary>
    public bool IsComplete => NotYet.Count == 0 && CannotSay.Count == 0;

    /// <summary>Gets a value indicating whether a process may still say within seconds that it has obeyed.</summary>
    internal bool IsAwaited { get; init; }

    /// <summary>Gets the processes whose reports show that they have obeyed.</summary>
    public required IReadOnlyList<FleetProcess> Obeyed { get; init; }

    /// <summary>Gets the processes whose newest reports show that they have not obeyed yet.</summary>
    public required IReadOnlyList<FleetProcess> NotYet { get; init; }

    /// <summary>Gets the processes of which it is not known, each with the reason.</summary>
    public required IReadOnlyList<FleetProcess> CannotSay { get; init; }

    /// <summary>Gets why there may be processes that are in none of the lists; null if all are listed.</summary>
    public string? Unlisted { get; init; }
}

/// <summary>A process of a fleet, as an operation names it.</summary>
public sealed record FleetProcess
{
    /// <summary>Gets the name of the process among the members of the namespace.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the name of the pod or machine; null if it is not known.</summary>
    public string? Host { get; init; }

    /// <summary>Gets the id of the operating system's process; null if it is not known.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Gets the version of NearCache; null if it is not known.</summary>
    public string? Version { get; init; }

    /// <summary>Gets why it is not known whether the process has obeyed; null if it is known.</summary>
    public string? Reason { get; init; }

    /// <summary>Returns the process as a person would name it.</summary>
    public override string ToString() =>
        (Host is null ? $"process {Id}" : ProcessId is null ? Host : $"{Host} (pid {ProcessId})") + (Reason is null ? "" : $": {Reason}");
}
