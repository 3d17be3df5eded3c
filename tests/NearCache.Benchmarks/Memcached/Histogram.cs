namespace NearCache.Benchmarks.Memcached;

/// <summary>Durations in steps of a microsecond up to 10 ms, and of 100 µs up to a second.</summary>
internal sealed class Histogram
{
    private const int Fine = 10_000;
    private readonly int[] _counts = new int[Fine + 10_000];

    public long Count { get; private set; }

    public static Histogram Sum(IEnumerable<Histogram> histograms)
    {
        var sum = new Histogram();
        foreach (var histogram in histograms)
        {
            for (var i = 0; i < sum._counts.Length; i++)
            {
                sum._counts[i] += histogram._counts[i];
            }

            sum.Count += histogram.Count;
        }

        return sum;
    }

    public void Add(TimeSpan duration)
    {
        var microseconds = (long)duration.TotalMicroseconds;
        _counts[microseconds < Fine ? microseconds : Math.Min(Fine + (microseconds / 100), _counts.Length - 1)]++;
        Count++;
    }

    /// <summary>Microseconds.</summary>
    public double Percentile(double share)
    {
        var rest = (long)(Count * share);
        for (var i = 0; i < _counts.Length; i++)
        {
            rest -= _counts[i];
            if (rest < 0)
            {
                return i < Fine ? i : (i - Fine) * 100;
            }
        }

        return 0;
    }
}
