using NearCache.Coherence.Core;
using NearCache.Rules;

namespace NearCache.Coherence.Driver;

/// <summary>A server's rules item, for the leases and for the rule book.</summary>
/// <param name="Reading">For the leases; see <see cref="Against"/>.</param>
/// <param name="Set">The set; null: none, or not to be read.</param>
/// <param name="Stops">The stops.</param>
/// <param name="Why">Why it cannot be read, when it cannot.</param>
internal sealed record RulesItemContent(RulesReading Reading, RuleSet? Set, StopSet Stops, UnreadableReason Why)
{
    /// <summary>The reading, once the book has merged <see cref="Stops"/> and says which stops count.</summary>
    public RulesReading Against(StopSet known) => Reading with { StopsDiffer = Reading.Found == RulesFound.Set && !Stops.Equals(known) };
}
