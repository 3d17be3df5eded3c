using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Near.Eviction;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>A near value with everything that a hit checks, so that a hit needs no other lookup.</summary>
/// <remarks>
/// One sealed class for every type of value. The entry is its own node in the <see cref="EvictionPolicy"/> and in the buckets of the
/// <see cref="NearMap"/>, so that it is one object.
/// </remarks>
/// <param name="key">The key.</param>
/// <param name="value">The value itself where it is immutable; otherwise its <see cref="SerializedValue"/>.</param>
/// <param name="valueBytes">The estimated size of the value.</param>
/// <param name="validity">The conditions under which it may be served.</param>
/// <param name="fetchedAt">When the read of the value was sent to the remote, on the monotonic clock.</param>
/// <param name="endsAt">When it expires, on the monotonic clock.</param>
/// <param name="version">The version that was read.</param>
internal sealed class NearEntry(
    string key,
    object? value,
    long valueBytes,
    NearValidity validity,
    long fetchedAt,
    long endsAt,
    CacheVersion version)
    : EvictionNode(new NearKey(key).Hash, SizeOf(key, valueBytes))
{
    // The entry, its share of the buckets and of the policy's history, and the header of its key, rounded up.
    private const int Overhead = 200;

    private readonly NearValidity _validity = validity;
    private readonly ulong _cas = version.Cas;
    private readonly int _epoch = version.Epoch;

    // The instant of expiry. Before the entry is servable, its complement, which is before every instant.
    private long _servableUntil = ~Math.Max(endsAt, 0);

    /// <summary>Gets the key.</summary>
    public string Key { get; } = key;

    /// <summary>
    /// Gets the value itself where it is immutable; otherwise the <see cref="SerializedValue"/> from which each hit decodes a copy.
    /// </summary>
    public object? Value { get; private set; } = value;

    /// <summary>Gets the rule that keeps it near.</summary>
    public ActiveRule Rule => _validity.Rule;

    /// <summary>Gets the partition that holds it.</summary>
    public NearPartition Partition => _validity.Partition;

    /// <summary>Gets when the read of the value was sent to the remote.</summary>
    public long FetchedAt { get; } = fetchedAt;

    /// <summary>Gets the version that was read.</summary>
    public CacheVersion Version => new(_cas, _epoch);

    /// <summary>Gets or sets the next entry of its bucket. Owned by the <see cref="NearMap"/>.</summary>
    public NearEntry? Next { get; set; }

    private long EndsAt => _servableUntil is >= 0 and var live ? live : ~_servableUntil;

    /// <summary>Gets whether the entry's server was ever confirmed.</summary>
    public bool IsConfirmed => _validity.Confirmed != Timestamps.Never;

    /// <summary>Returns the time until the entry expires; zero if it has.</summary>
    public TimeSpan ExpiresAfter(in Timestamps now) => TimeSpan.FromMilliseconds(Math.Max(EndsAt - now.Monotonic, 0));

    /// <summary>Returns the staleness bound of a hit now: the time since the entry's server was confirmed.</summary>
    public TimeSpan ConfirmedBefore(in Timestamps now) =>
        TimeSpan.FromMilliseconds(Math.Max(now.Monotonic - _validity.Confirmed.Monotonic, 0));

    /// <summary>Replaces undecoded bytes by the decoded value. Concurrent readers see either.</summary>
    public void ReplaceValue(object? decoded) => Value = decoded;

    /// <summary>Makes the entry servable. Requires a token that was valid after the entry was in the map.</summary>
    public void MakeServable() => Volatile.Write(ref _servableUntil, ~_servableUntil);

    /// <summary>Returns whether the entry may be served now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsServable(in Timestamps now) => now.Monotonic < Volatile.Read(ref _servableUntil) && _validity.Holds(now);

    /// <summary>Returns whether the entry can never be served again: expired, or voided with its segment or its rule.</summary>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    public override bool IsExpiredOrVoid(long now) => now >= EndsAt || !_validity.IsRuleCurrent || !_validity.IsSegmentCurrent;

    /// <summary>Returns the reason for a miss of this entry, as metrics name it.</summary>
    public string ReasonNotServed(in Timestamps now) =>
        now.Monotonic >= EndsAt ? "ended"
        : !_validity.IsRuleCurrent ? "rule"
        : !_validity.IsSegmentCurrent ? "voided"
        : IsServable(now) ? "type"
        : "unconfirmed";

    /// <summary>Estimates the size of an entry.</summary>
    /// <param name="key">The key.</param>
    /// <param name="valueBytes">The estimated size of the value.</param>
    public static int SizeOf(string key, long valueBytes) =>
        (int)Math.Min(int.MaxValue, Overhead + ((long)sizeof(char) * key.Length) + valueBytes);
}
