namespace NearCache;

/// <summary>The rules of a namespace at one revision, the stops that count, and the last edits.</summary>
public sealed record RegistrySnapshot
{
    /// <summary>Grows by one with each edit.</summary>
    public required long Revision { get; init; }

    /// <summary>The rules, those that are disabled too.</summary>
    public required IReadOnlyList<RegisteredRule> Rules { get; init; }

    /// <summary>The stops: what they name is off, whatever the rules say.</summary>
    public required IReadOnlyList<RuleStop> Stops { get; init; }

    /// <summary>The last 32 edits, oldest first. Empty where there is no registry.</summary>
    public required IReadOnlyList<RegistryEdit> History { get; init; }
}

/// <summary>A rule as the registry has it.</summary>
public sealed record RegisteredRule
{
    /// <summary>What it says. A copy: changing it changes nothing.</summary>
    public required RuleOptions Settings { get; init; }

    /// <summary>The revision in which <see cref="RuleOptions.Match"/> or <see cref="RuleOptions.Enabled"/> last changed.</summary>
    public required long Since { get; init; }
}

/// <summary>Who made a revision of the rules, and why.</summary>
public sealed record RegistryEdit
{
    /// <summary>The revision that it made.</summary>
    public required long Revision { get; init; }

    /// <summary>Who or what.</summary>
    public required string Who { get; init; }

    /// <summary>Why.</summary>
    public required string Why { get; init; }

    /// <summary>When, in UTC, by the clock of who made it.</summary>
    public required DateTimeOffset When { get; init; }
}
