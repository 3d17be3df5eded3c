namespace NearCache.Coherence.Ensemble.Core;

/// <summary>
/// How often a process may write to ZooKeeper. Every attempt takes a token, also one that is refused: a refused setData is a logged
/// transaction too.
/// </summary>
/// <remarks>
/// Idle, one attempt leaves at once. The second try of a refused announcement may be borrowed (the bucket goes below zero), so that it does
/// not wait for seconds in a large fleet.
/// </remarks>
/// <param name="ownRate">Attempts per second of this process at most.</param>
/// <param name="namespaceRate">Attempts per second of all members together.</param>
internal sealed class WriteBudget(double ownRate, double namespaceRate)
{
    // A tenth is left for borrowed tries and for edits of the rules.
    private const double Share = 0.9;

    private double _tokens = 1;
    private long? _filledAt;

    /// <summary>How many members share the namespace's rate. 1,000 until the number is known.</summary>
    public int Members { get; set; } = 1000;

    /// <summary>Attempts per second as things stand.</summary>
    public double Rate => Math.Min(ownRate, Share * namespaceRate / Math.Max(Members, 1));

    /// <summary>Is a token there? If not, none is before <paramref name="availableAt"/> (a monotonic millisecond).</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="secondTry">One token may be borrowed for it.</param>
    /// <param name="availableAt">When to ask again.</param>
    public bool Has(long now, bool secondTry, out long availableAt)
    {
        _tokens = Math.Min(1, _tokens + (Rate * Math.Max(now - (_filledAt ?? now), 0) / 1000));
        _filledAt = now;
        var needed = secondTry ? 0 : 1;
        var isThere = _tokens >= needed - 1e-9;
        availableAt = isThere ? now : now + Math.Max((long)Math.Ceiling((needed - _tokens) * 1000 / Rate), 1);
        return isThere;
    }

    /// <summary>Takes the token that <see cref="Has"/> said is there.</summary>
    public void Take() => _tokens--;
}
