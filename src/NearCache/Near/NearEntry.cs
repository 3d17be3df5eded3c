using NearCache.Coherence.Core;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>A value kept near, with all that a hit has to check: references and numbers, no look-up.</summary>
/// <remarks>One sealed class for every type of value, so that a hit finds out by one comparison that it has one.</remarks>
internal sealed class NearEntry(object? value, ServerCoherence server, ActiveRule rule, in FillToken token, long expiresAt, CacheVersion version)
{
    private readonly byte _segment = (byte)token.Segment;
    private readonly long _generation = server.Stamp(token);
    private readonly long _ruleGeneration = token.Rule;
    private readonly long _maxStaleness = rule.MaxStalenessMilliseconds;
    private volatile bool _isLive;

    /// <summary>The value itself where it cannot be changed by whoever gets it; else the <see cref="NearBytes"/> from which each hit makes its own.</summary>
    public object? Value => value;

    /// <summary>When the value was read from the remote, as sent.</summary>
    public long FetchedAt { get; } = token.Sent.Monotonic;

    public CacheVersion Version { get; } = version;

    /// <summary>The rule's part of the count of near hits.</summary>
    public int HitsPart { get; } = rule.Counters.HitsPart;

    /// <summary>The bound on the staleness of a hit now: how long ago the entry's server was last confirmed.</summary>
    public TimeSpan ConfirmedBefore(in Moment now) => TimeSpan.FromMilliseconds(Math.Max(now.Monotonic - server.Confirmed.Monotonic, 0));

    /// <summary>The fill's token was still true when the entry was in the map: it may be served from now on.</summary>
    public void GoLive() => _isLive = true;

    /// <summary>Whether the entry may be served now.</summary>
    public bool IsServable(in Moment now) =>
        _isLive
        && now.Monotonic < expiresAt
        && rule.Generation == _ruleGeneration
        && server.IsCurrent(_segment, _generation, now, _maxStaleness);
}
