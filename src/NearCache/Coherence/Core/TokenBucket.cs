namespace NearCache.Coherence.Core;

/// <summary>A token bucket: so many requests at once, and so many a second in the long run.</summary>
/// <remarks>One caller at a time.</remarks>
/// <param name="most">How many tokens it holds at most. It begins full.</param>
internal sealed class TokenBucket(double most)
{
    private readonly double _most = most;
    private double _tokens = most;
    private long? _filledAt;

    /// <summary>Tokens a second.</summary>
    public required double Rate { get; set; }

    /// <summary>Fills it up.</summary>
    public void Fill() => _tokens = _most;

    /// <summary>How long until a token is there, in milliseconds; 0: there is one now.</summary>
    public long Wait(long now)
    {
        _tokens = Math.Min(_most, _tokens + (Rate * Math.Max(now - (_filledAt ?? now), 0) / 1000));
        _filledAt = now;
        return _tokens >= 1 - 1e-9 ? 0 : Math.Max((long)Math.Min(Math.Ceiling((1 - _tokens) * 1000 / Rate), int.MaxValue), 1);
    }

    /// <summary>Takes a token that <see cref="Wait"/> said is there.</summary>
    public void Take() => _tokens--;
}
