namespace NearCache;

/// <summary>
/// A stop: it switches a rule, or near caching as a whole, off in every process of the namespace until an edit of the registry clears it.
/// </summary>
public sealed record RuleStop
{
    /// <summary>Names it for good; <see cref="IRuleRegistry.ClearStopsAsync"/> takes this.</summary>
    public required string Id { get; init; }

    /// <summary>The rule that is stopped; null: the whole namespace.</summary>
    public required string? Rule { get; init; }

    /// <summary>Who or what put it: a person, or the churn breaker of a process.</summary>
    public required string Who { get; init; }

    /// <summary>Why.</summary>
    public required string Why { get; init; }

    /// <summary>When, in UTC, by the clock of the process that put it; null: it was put by hand on a server, without a time.</summary>
    public required DateTimeOffset? When { get; init; }
}
