using System.Collections.Immutable;

namespace NearCache.Rules;

/// <summary>The circuit of one rule in the churn breaker, shared by all processes; <c>docs/formats.md</c>, "The churn breaker".</summary>
/// <param name="Rule">The name of the rule.</param>
/// <param name="Since">The revision of the last change of match or enable. An edited rule has a new circuit.</param>
/// <param name="State">The state.</param>
/// <param name="Version">A number that grows with each change. The later one counts; see <see cref="IsLater"/>.</param>
/// <param name="Trips">The trips of the last hour.</param>
/// <param name="Who">The process that reported the last trip.</param>
/// <param name="Why">The reason of the last trip.</param>
internal sealed record RuleCircuit(
    string Rule, long Since, ChurnBreakerState State, long Version, ImmutableArray<DateTimeOffset> Trips, string Who, string Why)
{
    /// <summary>The highest <see cref="Version"/>. 1 follows it.</summary>
    public const long MaxVersion = 1L << 53;

    /// <summary>Gets the next version.</summary>
    public long NextVersion => Version >= MaxVersion ? 1 : Version + 1;

    /// <summary>
    /// Returns whether a version is later than another one, on the shorter way around the circle: so every stored number has later ones.
    /// </summary>
    public static bool IsLater(long version, long other) => (version - other + MaxVersion) % MaxVersion is > 0 and < MaxVersion / 2;

    /// <summary>Gets the unknown members of its JSON.</summary>
    public UnknownMembers Others { get; init; } = UnknownMembers.None;
}
