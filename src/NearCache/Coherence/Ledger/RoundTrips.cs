namespace NearCache.Coherence.Ledger;

/// <summary>The round trips of the answered audits of one server in the last minute. Thread-safe.</summary>
/// <remarks>
/// Audits use the connections of the application's commands, once a second, so they tell how long the server takes as this process sees it,
/// and cost the path of a read nothing.
/// </remarks>
internal sealed class RoundTrips
{
    /// <summary>The time that is looked back, in milliseconds.</summary>
    public const long Window = 60_000;

    // More than the audits of a minute at the usual interval.
    private const int Kept = 64;

    private readonly Lock _lock = new();   // guards everything below
    private readonly (long At, TimeSpan Took)[] _newest = new (long, TimeSpan)[Kept];
    private int _count;

    /// <summary>Records a round trip.</summary>
    /// <param name="now">The monotonic millisecond of the reply.</param>
    /// <param name="took">The time from the request to the reply.</param>
    public void Record(long now, TimeSpan took)
    {
        lock (_lock)
        {
            _newest[_count++ % Kept] = (now, took);
        }
    }

    /// <summary>Returns the round trips of the last minute.</summary>
    public IReadOnlyList<TimeSpan> Recent(long now)
    {
        lock (_lock)
        {
            return [.. _newest.Take(_count).Where(one => now - one.At < Window).Select(one => one.Took)];
        }
    }

    /// <summary>Returns the 99th percentile; null if there are no values.</summary>
    public static TimeSpan? Percentile99(IEnumerable<TimeSpan> values)
    {
        TimeSpan[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? null : sorted[(int)Math.Ceiling(sorted.Length * 0.99) - 1];
    }
}
