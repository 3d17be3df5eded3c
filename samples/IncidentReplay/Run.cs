namespace IncidentReplay;

/// <summary>What one run showed.</summary>
internal sealed record Run(Story Story, IReadOnlyList<Sample> Samples, IReadOnlyList<double> Latencies, Trip? Trip)
{
    public int MostZnodes => Samples.Max(sample => sample.Znodes);

    public long Transactions => Samples.Sum(sample => sample.Transactions);

    public double PeakPerSecond => Samples.Max(sample => sample.TransactionsPerSecond);

    public long Locks => Samples.Sum(sample => sample.Locks);

    public long Reads => Samples.Sum(sample => sample.Reads);

    public double P50 => Percentile(Latencies, 0.5);

    public double P99 => Percentile(Latencies, 0.99);

    public static double Percentile(IReadOnlyList<double> values, double part) => values.Count == 0 ? 0 : values.Order().ElementAt((int)Math.Ceiling(part * values.Count) - 1);
}
