namespace NearCache;

/// <summary>The rules of a namespace at one revision, with the stops in force and the last edits.</summary>
public sealed record RegistrySnapshot
{
    /// <summary>Gets the revision, which increases by one with each edit.</summary>
    public required long Revision { get; init; }

    /// <summary>Gets the rules, including disabled ones.</summary>
    public required IReadOnlyList<RegisteredRule> Rules { get; init; }

    /// <summary>Gets the stops. A stopped rule is off, even if it is enabled.</summary>
    public required IReadOnlyList<RuleStop> Stops { get; init; }

    /// <summary>Gets the last 32 edits, oldest first. Empty without a registry.</summary>
    public required IReadOnlyList<RegistryEdit> History { get; init; }
}

/// <summary>A rule in the registry.</summary>
public sealed record RegisteredRule
{
    /// <summary>Gets a copy of the rule's settings.</summary>
    public required RuleOptions Settings { get; init; }

    /// <summary>Gets the revision in which <see cref="RuleOptions.Match"/> or <see cref="RuleOptions.Enabled"/> last changed.</summary>
    public required long Since { get; init; }
}

/// <summary>One edit of the rules.</summary>
public sealed record RegistryEdit
{
    /// <summary>Gets the revision that the edit created.</summary>
    public required long Revision { get; init; }

    /// <summary>Gets the author of the edit.</summary>
    public required string Who { get; init; }

    /// <summary>
    /// Gets a value indicating whether the program that made the edit says that it has verified the identity of <see cref="Who"/>.
    /// </summary>
    public required bool IsVerified { get; init; }

    /// <summary>Gets the reason.</summary>
    public required string Why { get; init; }

    /// <summary>Gets the time in UTC, by the clock of the author's process.</summary>
    public required DateTimeOffset When { get; init; }

    /// <summary>
    /// Gets the rules that the edit changed. Null if that is not recorded: an older version or another tool made the edit, or the changes
    /// are too old or too large to be kept.
    /// </summary>
    public required IReadOnlyList<RuleChange>? Changes { get; init; }

    /// <summary>Gets the stops that the edit cleared. Empty if that is not recorded.</summary>
    public required IReadOnlyList<RuleStop> ClearedStops { get; init; }

    /// <summary>Gets the ids of the stops that the edit put, by undoing one that cleared them. Empty if that is not recorded.</summary>
    public required IReadOnlyList<string> PutStops { get; init; }
}

/// <summary>A rule before and after an edit. A rule that gets another name is removed and added.</summary>
public sealed record RuleChange
{
    /// <summary>Gets the name of the rule.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the settings before the edit; null if the edit added the rule.</summary>
    public required RuleOptions? Before { get; init; }

    /// <summary>Gets the settings after the edit; null if the edit removed the rule.</summary>
    public required RuleOptions? After { get; init; }
}

/// <summary>What an edit would change.</summary>
public sealed record RulePreview
{
    /// <summary>Gets the revision to which the edit would apply. Pass it as <see cref="EditReason.IfRevision"/>.</summary>
    public required long Revision { get; init; }

    /// <summary>Gets the rules that would change; empty if there is nothing to edit.</summary>
    public required IReadOnlyList<RuleChange> Changes { get; init; }
}
