namespace NearCache;

/// <summary>What a process hears and announces through ZooKeeper, and how its namespace there stands.</summary>
public sealed record CoordinationSnapshot
{
    /// <summary>
    /// How the namespace's nodes stand: <c>Whole</c>, <c>Repairing</c>, <c>Damaged</c> (a person must help), <c>Newer</c> (in a format that
    /// this process cannot read), or <c>Unknown</c> (they cannot be seen now).
    /// </summary>
    public required string Namespace { get; init; }

    /// <summary>What is wrong with them; null: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>The command that helps, as zkCli takes it; null where none is needed.</summary>
    public string? Command { get; init; }

    /// <summary>Whether this process's node was among the members when it was looked for last.</summary>
    public required bool IsMember { get; init; }

    /// <summary>
    /// How long ago a server last replied to anything; null: never yet. An idle process hears a reply every half minute or so.
    /// </summary>
    public required TimeSpan? RepliedBefore { get; init; }

    /// <summary>The same, or how long ago the cache was made.</summary>
    internal TimeSpan SilentFor { get; init; }

    /// <summary>How long ago a slot was read last; null: never yet. Slots are read when they change.</summary>
    public required TimeSpan? SlotReadBefore { get; init; }

    /// <summary>How long ago this process announced something last; null: never yet.</summary>
    public required TimeSpan? AnnouncedBefore { get; init; }

    /// <summary>Requests that this process has sent.</summary>
    public required long Requests { get; init; }

    /// <summary>Those among them that failed.</summary>
    public required long Failures { get; init; }

    /// <summary>What fails now, each with its reason: for instance that announcements are refused.</summary>
    public required IReadOnlyList<string> Failing { get; init; }
}
