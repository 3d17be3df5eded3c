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
