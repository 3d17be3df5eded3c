namespace NearCache.Rules;

/// <summary>Counts from many threads without a shared cache line: each processor mostly has its own.</summary>
internal sealed class StripedCounter
{
    // 128 bytes apart: processors fetch cache lines in pairs.
    private const int Spacing = 16;
    private static readonly int Stripes = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 16));

    private readonly long[] _counts = new long[(Stripes + 1) * Spacing];

    public long Value
    {
        get
        {
            var sum = 0L;
            for (var i = 1; i <= Stripes; i++)
            {
                sum += Volatile.Read(ref _counts[i * Spacing]);
            }

            return sum;
        }
    }

    public void Add() => Interlocked.Increment(ref _counts[((Thread.GetCurrentProcessorId() & (Stripes - 1)) + 1) * Spacing]);
}
