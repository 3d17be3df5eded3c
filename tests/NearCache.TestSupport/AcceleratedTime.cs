namespace NearCache.TestSupport;

/// <summary>The system's clock, so many times as fast: for what waits half a minute, tried on real servers.</summary>
public sealed class AcceleratedTime(int factor) : TimeProvider
{
    private readonly long _start = System.GetTimestamp();
    private readonly DateTimeOffset _startUtc = System.GetUtcNow();

    /// <inheritdoc/>
    public override long TimestampFrequency => System.TimestampFrequency;

    /// <inheritdoc/>
    public override long GetTimestamp() => (System.GetTimestamp() - _start) * factor;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _startUtc + (System.GetElapsedTime(_start) * factor);

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, Scaled(dueTime), Scaled(period));

    private TimeSpan Scaled(TimeSpan time) =>
        time <= TimeSpan.Zero ? time : TimeSpan.FromMilliseconds(Math.Max(1, time.TotalMilliseconds / factor));
}
