using NearCache.Coherence.ServerRules.Core;
using NearCache.Rules;

namespace NearCache.Coherence.ServerRules;

/// <summary>A server's rules item, for the leases and for the rule table.</summary>
/// <param name="Reading">For the leases; see <see cref="Against"/>.</param>
/// <param name="Set">The set; null: none, or not to be read.</param>
/// <param name="Stops">The stops.</param>
/// <param name="Why">Why it cannot be read, when it cannot.</param>
internal sealed record RulesItemContent(RulesReading Reading, RuleSet? Set, StopSet Stops, UnreadableReason Why)
{
    /// <summary>The reading, once the table has merged <see cref="Stops"/> and says which stops count.</summary>
    public RulesReading Against(StopSet known) => Reading with { StopsDiffer = Reading.Found == RulesFound.Set && !Stops.Equals(known) };
}
