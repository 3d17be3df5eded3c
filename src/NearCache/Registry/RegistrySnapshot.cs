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

    /// <summary>Gets the reason.</summary>
    public required string Why { get; init; }

    /// <summary>Gets the time in UTC, by the clock of the author's process.</summary>
    public required DateTimeOffset When { get; init; }
}
