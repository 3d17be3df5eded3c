using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>A value kept near, with all that a hit has to check: references and numbers, no look-up.</summary>
/// <remarks>
/// One sealed class for every type of value, so that a hit finds out by one comparison what it has. It is its own place in the
/// <see cref="Sieve"/>, so that an entry is one object.
/// </remarks>
/// <param name="key">The key.</param>
/// <param name="value">The value itself where it cannot be changed by whoever gets it; else its <see cref="NearBytes"/>.</param>
/// <param name="valueBytes">How many bytes the value takes, about.</param>
/// <param name="server">The server that owns the key.</param>
/// <param name="rule">The rule that keeps it near.</param>
/// <param name="token">The token of the fill.</param>
/// <param name="endsAt">When it ends by itself, on the monotonic clock.</param>
/// <param name="version">Which write was read.</param>
internal sealed class NearEntry(
    string key,
    object? value,
    int valueBytes,
    ServerGate server,
    ActiveRule rule,
    in FillToken token,
    long endsAt,
    CacheVersion version)
{
    // The entry, its place in the table and its key without the letters, rounded up.
    private const int Overhead = 200;

    private readonly byte _segment = (byte)token.Segment;
    private readonly long _generation = server.Stamp(token);
    private readonly long _ruleGeneration = token.Rule;
    private readonly ulong _cas = version.Cas;
    private readonly int _epoch = version.Epoch;

    // When it ends by itself; the complement of that, which is before everything, until the entry may be served.
    private long _servableUntil = ~Math.Max(endsAt, 0);

    public string Key => key;

    /// <summary>
    /// The value itself where it cannot be changed by whoever gets it; else the <see cref="NearBytes"/> from which each hit makes its own.
    /// </summary>
    public object? Value { get; private set; } = value;

    /// <summary>The rule that keeps it near.</summary>
    public ActiveRule Rule => rule;

    /// <summary>When the value was read from the remote, as sent.</summary>
    public long FetchedAt { get; } = token.Sent.Monotonic;

    public CacheVersion Version => new(_cas, _epoch);

    /// <summary>How many bytes of memory it takes, about.</summary>
    public int Bytes { get; } = Overhead + (sizeof(char) * key.Length) + valueBytes;

    /// <summary>Where it stands in the <see cref="NearMap"/>.</summary>
    public uint Hash { get; } = new NearKey(key).Hash;

    /// <summary>The next entry of its chain; the <see cref="NearMap"/>'s own.</summary>
    public NearEntry? Next { get; set; }

    /// <summary>
    /// It was hit since the <see cref="Sieve"/> last looked. Only ever set by hits, and only if it is not yet: a key that all threads read
    /// is not written by all.
    /// </summary>
    public bool IsUsed { get; set; }

    /// <summary>The entry that came next; the <see cref="Sieve"/>'s own.</summary>
    public NearEntry? Newer { get; set; }

    /// <summary>The entry that came before; the <see cref="Sieve"/>'s own.</summary>
    public NearEntry? Older { get; set; }

    private long EndsAt => _servableUntil is >= 0 and var live ? live : ~_servableUntil;

    /// <summary>The bound on the staleness of a hit now: how long ago the entry's server was last confirmed.</summary>
    public TimeSpan ConfirmedBefore(in Timestamps now) => TimeSpan.FromMilliseconds(Math.Max(now.Monotonic - server.Confirmed.Monotonic, 0));

    /// <summary>What was fetched is read for the first time. Whoever looks meanwhile sees the one or the other.</summary>
    public void Become(object? read) => Value = read;

    /// <summary>The fill's token was still true when the entry was in the map: it may be served from now on.</summary>
    public void GoLive() => Volatile.Write(ref _servableUntil, ~_servableUntil);

    /// <summary>Whether the entry may be served now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsServable(in Timestamps now) =>
        now.Monotonic < Volatile.Read(ref _servableUntil)
        && rule.Generation == _ruleGeneration
        && server.IsCurrent(_segment, _generation, now, rule.MaxStalenessMilliseconds);

    /// <summary>Whether the entry can never be served again: it ended, or it was voided with its segment or its rule.</summary>
    public bool IsOver(long now) => now >= EndsAt || rule.Generation != _ruleGeneration || server.Generation(_segment) != _generation;

    /// <summary>Why the entry was not served just now.</summary>
    public string WhyNot(in Timestamps now) =>
        now.Monotonic >= EndsAt ? "ended"
        : rule.Generation != _ruleGeneration ? "rule"
        : server.Generation(_segment) != _generation ? "voided"
        : IsServable(now) ? "type"
        : "unconfirmed";
}
