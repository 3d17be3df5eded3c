namespace NearCache.Coherence.Monitoring.Core;

/// <summary>The results of the checks since a cache was created. Written by one thread; reads are thread-safe.</summary>
internal sealed class MonitorTotals
{
    // The ends of the buckets of the delay, in milliseconds. The last bucket ends at the bound.
    private static readonly long[] BucketEnds = [10, 100, 1_000];

    private readonly long[] _outcomes = new long[Enum.GetValues<CheckOutcome>().Length];
    private readonly long[] _voided = new long[BucketEnds.Length + 1];

    /// <summary>Gets the numbers of voided entries by delay: up to 10 ms, 100 ms, 1 s, and the bound.</summary>
    public IReadOnlyList<long> VoidedByDelay => [.. Enumerable.Range(0, _voided.Length).Select(i => Volatile.Read(ref _voided[i]))];

    /// <summary>Gets the number of checks with a result.</summary>
    public long Completed => Enum.GetValues<CheckOutcome>().Where(outcome => outcome != CheckOutcome.Ended).Sum(Of);

    /// <summary>Returns the number of checks with an outcome.</summary>
    public long Of(CheckOutcome outcome) => Volatile.Read(ref _outcomes[(int)outcome]);

    /// <summary>Counts a check.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="bucket">For a voided entry, the bucket of the delay.</param>
    public void Add(CheckOutcome outcome, int bucket)
    {
        Interlocked.Increment(ref _outcomes[(int)outcome]);
        if (outcome == CheckOutcome.Voided)
        {
            Interlocked.Increment(ref _voided[bucket]);
        }
    }

    /// <summary>Returns the end of a bucket.</summary>
    /// <param name="bucket">The index of the bucket.</param>
    /// <param name="bound">The end of the last one, in milliseconds.</param>
    public static TimeSpan BucketEnd(int bucket, long bound) =>
        TimeSpan.FromMilliseconds(bucket < BucketEnds.Length ? BucketEnds[bucket] : bound);
}
