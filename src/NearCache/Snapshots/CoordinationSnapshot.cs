namespace NearCache;

/// <summary>The state of a process's communication through ZooKeeper, and of its namespace there.</summary>
public sealed record CoordinationSnapshot
{
    /// <summary>
    /// Gets the state of the namespace's nodes: <c>Whole</c>, <c>Repairing</c>, <c>Damaged</c> (needs an operator), <c>Newer</c> (in a
    /// format this process cannot read), or <c>Unknown</c> (not readable now).
    /// </summary>
    public required string Namespace { get; init; }

    /// <summary>Gets the problem of the nodes; null for none.</summary>
    public string? Problem { get; init; }

    /// <summary>Gets the zkCli command that repairs them; null if none is needed.</summary>
    public string? Command { get; init; }

    /// <summary>Gets a value indicating whether this process was among the members at the last check.</summary>
    public required bool IsMember { get; init; }

    /// <summary>
    /// Gets the time since the last reply of any server; null before the first. An idle process receives one about every 30 s.
    /// </summary>
    public required TimeSpan? RepliedBefore { get; init; }

    /// <summary>Gets the time since the last reply, or since the cache was created.</summary>
    internal TimeSpan SilentFor { get; init; }

    /// <summary>Gets the time since a slot was last read; null before the first read. Slots are read when they change.</summary>
    public required TimeSpan? SlotReadBefore { get; init; }

    /// <summary>Gets the time since this process last announced a change; null before the first.</summary>
    public required TimeSpan? AnnouncedBefore { get; init; }

    /// <summary>Gets the number of requests this process has sent.</summary>
    public required long Requests { get; init; }

    /// <summary>Gets the number of failed requests.</summary>
    public required long Failures { get; init; }

    /// <summary>Gets the purposes whose requests fail now, each with its reason.</summary>
    public required IReadOnlyList<string> Failing { get; init; }
}
