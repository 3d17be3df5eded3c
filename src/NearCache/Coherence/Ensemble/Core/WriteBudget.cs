namespace NearCache.Coherence.Ensemble.Core;

/// <summary>
/// Limits how often a process writes to ZooKeeper. A refused attempt takes a token, too: a refused setData is a logged transaction.
/// </summary>
/// <remarks>
/// An idle process sends one attempt at once. The second try of a refused announcement may borrow a token (the bucket goes below zero), so
/// that it does not wait for seconds in a large fleet. Not thread-safe.
/// </remarks>
/// <param name="ownRate">The most attempts a second of this process.</param>
/// <param name="namespaceRate">The most attempts a second of all members together.</param>
internal sealed class WriteBudget(double ownRate, double namespaceRate)
{
    // A tenth is left for borrowed tries and for edits of the rules.
    private const double Share = 0.9;

    private double _tokens = 1;
    private long? _filledAt;

    /// <summary>Gets or sets how many members share the rate of the namespace. 1,000 until the number is known.</summary>
    public int Members { get; set; } = 1000;

    /// <summary>Gets the current rate, in attempts a second.</summary>
    public double Rate => Math.Min(ownRate, Share * namespaceRate / Math.Max(Members, 1));

    /// <summary>Returns whether a token is available. If not, none is before <paramref name="availableAt"/>.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    /// <param name="secondTry">Whether a token may be borrowed.</param>
    /// <param name="availableAt">The monotonic millisecond at which to ask again.</param>
    public bool Has(long now, bool secondTry, out long availableAt)
    {
        _tokens = Math.Min(1, _tokens + (Rate * Math.Max(now - (_filledAt ?? now), 0) / 1000));
        _filledAt = now;
        var needed = secondTry ? 0 : 1;
        var isThere = _tokens >= needed - 1e-9;
        availableAt = isThere ? now : now + Math.Max((long)Math.Ceiling((needed - _tokens) * 1000 / Rate), 1);
        return isThere;
    }

    /// <summary>Takes a token. Called only after <see cref="Has"/> has returned true.</summary>
    public void Take() => _tokens--;
}
