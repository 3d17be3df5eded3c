namespace NearCache.Coherence.Core;

/// <summary>A token bucket: limits a burst, and the rate in the long run.</summary>
/// <remarks>Not thread-safe.</remarks>
/// <param name="most">The capacity. The bucket is full at first.</param>
internal sealed class TokenBucket(double most)
{
    private readonly double _most = most;
    private double _tokens = most;
    private long? _filledAt;

    /// <summary>Gets or sets the refill rate, in tokens a second.</summary>
    public required double Rate { get; set; }

    /// <summary>Fills the bucket.</summary>
    public void Fill() => _tokens = _most;

    /// <summary>Returns the time until a token is available, in milliseconds; 0 if one is available now.</summary>
    public long Wait(long now)
    {
        _tokens = Math.Min(_most, _tokens + (Rate * Math.Max(now - (_filledAt ?? now), 0) / 1000));
        _filledAt = now;
        return _tokens >= 1 - 1e-9 ? 0 : Math.Max((long)Math.Min(Math.Ceiling((1 - _tokens) * 1000 / Rate), int.MaxValue), 1);
    }

    /// <summary>Takes a token. Called only after <see cref="Wait"/> has returned 0.</summary>
    public void Take() => _tokens--;
}
