namespace NearCache.Rules;

/// <summary>The churn breaker of a rule tripped in this process.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Circuit">Its circuit, which the fleet does not know yet.</param>
/// <param name="IsLast">Whether a stop is due: it tripped too often within an hour.</param>
internal sealed record ChurnTrip(ActiveRule Rule, RuleCircuit Circuit, bool IsLast);
