namespace IncidentReplay;

/// <summary>The result of one run.</summary>
internal sealed record ScenarioResult(Scenario Scenario, IReadOnlyList<Measurement> Measurements, IReadOnlyList<double> Latencies,
    BreakerTrip? Trip)
{
    public int MostZnodes => Measurements.Max(measurement => measurement.Znodes);

    public long Transactions => Measurements.Sum(measurement => measurement.Transactions);

    public double PeakPerSecond => Measurements.Max(measurement => measurement.TransactionsPerSecond);

    public long Locks => Measurements.Sum(measurement => measurement.Locks);

    public long Reads => Measurements.Sum(measurement => measurement.Reads);

    public double P50 => Percentile(Latencies, 0.5);

    public double P99 => Percentile(Latencies, 0.99);

    public static double Percentile(IReadOnlyList<double> values, double part) =>
        values.Count == 0 ? 0 : values.Order().ElementAt((int)Math.Ceiling(part * values.Count) - 1);
}

/// <summary>The trip of the churn breaker for the mistaken rule. From then on no process announces the rule's writes.</summary>
/// <param name="After">Seconds since the run began.</param>
/// <param name="Transactions">Transactions of the ensemble until then, without the co-tenant's.</param>
/// <param name="Reason">The process and the rate that it measured.</param>
internal sealed record BreakerTrip(double After, long Transactions, string Reason);
