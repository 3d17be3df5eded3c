namespace IncidentReplay;

/// <summary>When the churn breaker stopped the mistaken rule.</summary>
/// <param name="After">Seconds since the run began.</param>
/// <param name="Transactions">Transactions of the ensemble until then, without the bystander's.</param>
/// <param name="Who">Which process.</param>
/// <param name="Why">Its reason.</param>
internal sealed record Trip(double After, long Transactions, string Who, string Why);
