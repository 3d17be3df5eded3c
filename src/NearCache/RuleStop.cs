namespace NearCache;

/// <summary>A stop: it switches a rule, or near caching as a whole, off in every process of the namespace until an edit of the registry clears it.</summary>
/// <param name="Id">Names it for good; <see cref="IRuleRegistry.ClearStopsAsync"/> takes this.</param>
/// <param name="Rule">The rule that is stopped; null: the whole namespace.</param>
/// <param name="Who">Who or what put it: a person, or the churn breaker of a process.</param>
/// <param name="Why">Why.</param>
/// <param name="When">When, in UTC, by the clock of the process that put it; null: it was put by hand on a server, without a time.</param>
public sealed record RuleStop(string Id, string? Rule, string Who, string Why, DateTimeOffset? When);
