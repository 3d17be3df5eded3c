using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>What all processes know of the churn breaker of one rule; <c>docs/formats.md</c>, "The churn breaker".</summary>
/// <param name="Rule">The rule's name.</param>
/// <param name="Since">The revision of its last change of match or enable: a rule that was edited begins anew.</param>
/// <param name="State">What is announced.</param>
/// <param name="Version">Grows with each change. Of two, the later one counts, see <see cref="IsLater"/>.</param>
/// <param name="Trips">When it tripped, in the last hour.</param>
/// <param name="Who">Which process reported the last trip.</param>
/// <param name="Why">Its reason.</param>
internal sealed record RuleCircuit(
    string Rule, long Since, ChurnBreakerState State, long Version, ImmutableArray<DateTimeOffset> Trips, string Who, string Why)
{
    /// <summary>The highest <see cref="Version"/>. 1 follows it.</summary>
    public const long MostVersion = 1L << 53;

    /// <summary>The version that follows.</summary>
    public long NextVersion => Version >= MostVersion ? 1 : Version + 1;

    /// <summary>
    /// Whether one version follows the other on the shorter way around: whatever number an item holds, another one is later.
    /// </summary>
    public static bool IsLater(long version, long other) => (version - other + MostVersion) % MostVersion is > 0 and < MostVersion / 2;

    /// <summary>Members of its JSON that are not known here.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;
}
