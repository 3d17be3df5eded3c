namespace NearCache.Observing;

/// <summary>Derives the transactions a second of an ensemble from the ids of its transactions in replies.</summary>
/// <remarks>
/// The lower 32 bits of an id count the transactions since the election of a leader, which the upper ones count. Not thread-safe.
/// </remarks>
internal sealed class TransactionRate
{
    /// <summary>The least time between the two readings of a rate, in milliseconds.</summary>
    public const long LeastPeriod = 1_000;

    private (long At, long Zxid)? _first;
    private Observed<double> _rate = Observed<double>.Missing("it needs two readings, at least a second apart");

    /// <summary>Records a reading, and returns the rate since the one before.</summary>
    /// <param name="zxid">The newest transaction.</param>
    /// <param name="now">The monotonic millisecond.</param>
    public Observed<double> Read(long zxid, long now)
    {
        if (_first is not { } first)
        {
            _first = (now, zxid);
        }
        else if (now - first.At >= LeastPeriod)
        {
            _rate = zxid >> 32 != first.Zxid >> 32
                ? Observed<double>.Missing("a leader was elected between the two readings")
                : zxid < first.Zxid
                ? Observed<double>.Missing("the reply came from a server that is behind")
                : Observed<double>.Of((zxid - first.Zxid) * 1000.0 / (now - first.At));
            _first = (now, zxid);
        }

        return _rate;
    }
}
