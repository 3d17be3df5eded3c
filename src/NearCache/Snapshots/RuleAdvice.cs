namespace NearCache;

/// <summary>Proposals for the rules of a namespace. Nothing is done automatically: a person decides.</summary>
public sealed record RuleAdvice
{
    /// <summary>
    /// Gets the revision of the rules that the advice is for. Pass it as <see cref="EditReason.IfRevision"/> of the edit.
    /// </summary>
    public required long Revision { get; init; }

    /// <summary>Gets the proposals, the most valuable first.</summary>
    public required IReadOnlyList<RuleProposal> Proposals { get; init; }

    /// <summary>Gets busy keys for which no rule is proposed, and why: locks, sessions, counters, keys with many writes.</summary>
    public required IReadOnlyList<KeysNotProposed> NotProposed { get; init; }

    /// <summary>Gets the figures that the advice was made from.</summary>
    public required FleetHotKeys HotKeys { get; init; }

    /// <summary>Gets what could not be judged and why, for people.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>A proposed edit of the rules.</summary>
/// <remarks>
/// All figures are of the last minute, over all processes. Adding: <see cref="IRuleRegistry.AddAsync"/> with <see cref="Settings"/>.
/// Promoting: <see cref="IRuleRegistry.EnableAsync"/>. Removing: <see cref="IRuleRegistry.RemoveAsync"/>.
/// </remarks>
public sealed record RuleProposal
{
    /// <summary>Gets the kind of the edit.</summary>
    public required ProposalKind Kind { get; init; }

    /// <summary>Gets the name of the rule; for a new rule a free name.</summary>
    public required string Rule { get; init; }

    /// <summary>Gets the keys: the pattern of the rule, or the hash of a key.</summary>
    public required string Keys { get; init; }

    /// <summary>
    /// Gets the settings of the rule: of a new rule as a dry run, ready to be added; otherwise as they are. Null if the key is known only
    /// by its hash.
    /// </summary>
    public required RuleOptions? Settings { get; init; }

    /// <summary>Gets the reads per second of the keys, near and remote.</summary>
    public required double ReadsPerSecond { get; init; }

    /// <summary>Gets the reads per second that memcached is spared, or would be.</summary>
    public required double SavedReadsPerSecond { get; init; }

    /// <summary>Gets the bytes per second that memcached is spared, or would be.</summary>
    public required double SavedBytesPerSecond { get; init; }

    /// <summary>Gets the writes per second. Each costs memcached two more commands.</summary>
    public required double WritesPerSecond { get; init; }

    /// <summary>Gets the announcements per second, at most: several writes may share one.</summary>
    public required double AnnouncementsPerSecond { get; init; }

    /// <summary>Gets the announcements per second that all rules of the namespace may make.</summary>
    public required double AnnouncementBudget { get; init; }

    /// <summary>Gets the near entries in the process with most, for a rule in force the mean of its processes.</summary>
    public required long NearEntries { get; init; }

    /// <summary>Gets the bytes of these entries, by estimate.</summary>
    public required long NearBytes { get; init; }

    /// <summary>Gets the confidence in the figures.</summary>
    public required ProposalConfidence Confidence { get; init; }

    /// <summary>Gets the reason, with figures, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// Gets the newest edit of the history that changed the rule: its author, reason and time. Null for a new rule, or if that is not
    /// recorded.
    /// </summary>
    public RegistryEdit? Edit { get; init; }

    /// <summary>Gets the hottest of the keys, at most 5.</summary>
    public IReadOnlyList<HotKey> Examples { get; init; } = [];
}

/// <summary>Specifies the edit that a proposal is for.</summary>
public enum ProposalKind
{
    /// <summary>Add a rule as a dry run, which keeps nothing near and only counts.</summary>
    AddDryRun,

    /// <summary>Put a dry run in force that has proved itself.</summary>
    Promote,

    /// <summary>Remove a rule that saves less than it costs.</summary>
    Remove,
}

/// <summary>Specifies the confidence in the figures of a proposal.</summary>
public enum ProposalConfidence
{
    /// <summary>A short time was observed, or a figure is close to a limit.</summary>
    Low,

    /// <summary>Half a minute was observed.</summary>
    Medium,

    /// <summary>A minute was observed, most processes report, and no figure is close to a limit.</summary>
    High,
}

/// <summary>Busy keys for which no rule is proposed.</summary>
public sealed record KeysNotProposed
{
    /// <summary>Gets the pattern, the key, or its hash.</summary>
    public required string Keys { get; init; }

    /// <summary>Gets what the keys seem to be.</summary>
    public required KeyNature Nature { get; init; }

    /// <summary>Gets the reason, with figures, for people.</summary>
    public required string Reason { get; init; }

    /// <summary>Gets the reads per second.</summary>
    public required double ReadsPerSecond { get; init; }

    /// <summary>Gets the writes per second.</summary>
    public required double WritesPerSecond { get; init; }
}
