namespace IncidentReplay;

/// <summary>When the churn breaker tripped for the mistaken rule, whose writes no process announces from then on.</summary>
/// <param name="After">Seconds since the run began.</param>
/// <param name="Transactions">Transactions of the ensemble until then, without the bystander's.</param>
/// <param name="Reason">Which process saw what.</param>
internal sealed record Trip(double After, long Transactions, string Reason);
