using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>What all processes know of the churn breaker of one rule; <c>docs/formats.md</c>, "The churn breaker".</summary>
/// <param name="Rule">The rule's name.</param>
/// <param name="Since">The revision of its last change of match or enable: a rule that was edited begins anew.</param>
/// <param name="State">What is announced.</param>
/// <param name="Version">Grows with each change. Of two, the higher one counts.</param>
/// <param name="Trips">When it tripped, in the last hour.</param>
/// <param name="Who">Which process reported the last trip.</param>
/// <param name="Why">Its reason.</param>
internal sealed record RuleCircuit(string Rule, long Since, ChurnBreakerState State, long Version, ImmutableArray<DateTimeOffset> Trips, string Who, string Why)
{
    /// <summary>Members of its JSON that are not known here.</summary>
    public OtherMembers Others { get; init; } = OtherMembers.None;
}
