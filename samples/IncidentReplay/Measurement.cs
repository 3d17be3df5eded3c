namespace IncidentReplay;

/// <summary>About one second of a run.</summary>
/// <param name="At">Seconds since the run began.</param>
/// <param name="Seconds">Its duration.</param>
/// <param name="Znodes">Znodes added since the run began.</param>
/// <param name="Transactions">Transactions of the ensemble, without the co-tenant's.</param>
/// <param name="P99">The co-tenant's 99th percentile, in milliseconds.</param>
/// <param name="Locks">Locks set and removed.</param>
/// <param name="Reads">Parameters read.</param>
internal sealed record Measurement(double At, double Seconds, int Znodes, long Transactions, double P99, long Locks, long Reads)
{
    public double TransactionsPerSecond => Transactions / Seconds;
}
