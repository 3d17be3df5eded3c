using System.Globalization;

namespace NearCache.IntegrationTests;

/// <summary>Percentiles of durations.</summary>
internal sealed class Percentiles(IEnumerable<TimeSpan> durations)
{
    private readonly TimeSpan[] _sorted = [.. durations.Order()];

    public TimeSpan Median => At(0.5);

    public TimeSpan Largest => _sorted[^1];

    public TimeSpan At(double part) => _sorted[(int)Math.Ceiling(part * _sorted.Length) - 1];

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"p50 {Median.TotalMilliseconds:0.0} ms, p99 {At(0.99).TotalMilliseconds:0.0} ms, largest {Largest.TotalMilliseconds:0.0} ms "
            + $"({_sorted.Length} times)");
}
