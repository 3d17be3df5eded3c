namespace NearCache;

/// <summary>
/// A stop. It disables a rule, or near caching as a whole, in every process of the namespace until an edit of the registry clears it.
/// </summary>
public sealed record RuleStop
{
    /// <summary>Gets the identifier that <see cref="IRuleRegistry.ClearStopsAsync"/> takes.</summary>
    public required string Id { get; init; }

    /// <summary>Gets the name of the stopped rule; null for the whole namespace.</summary>
    public required string? Rule { get; init; }

    /// <summary>Gets the author: a person, or the churn breaker of a process.</summary>
    public required string Who { get; init; }

    /// <summary>
    /// Gets a value indicating whether the program that put the stop says that it has verified the identity of <see cref="Who"/>.
    /// </summary>
    public bool IsVerified { get; init; }

    /// <summary>Gets the reason.</summary>
    public required string Why { get; init; }

    /// <summary>
    /// Gets the time in UTC, by the clock of the author's process; null if the stop was written by hand on a server without a time.
    /// </summary>
    public required DateTimeOffset? When { get; init; }
}
