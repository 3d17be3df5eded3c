using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Near.Eviction;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>A value kept near, with everything that a hit checks: references and numbers, no look-up.</summary>
/// <remarks>One sealed class for every type of value. It is its own node of the <see cref="EvictionPolicy"/> and its own link in the
/// <see cref="NearMap"/>, so an entry is one object.</remarks>
/// <param name="key">The key.</param>
/// <param name="value">The value itself where it is immutable; otherwise its <see cref="NearBytes"/>.</param>
/// <param name="valueBytes">The estimated size of the value.</param>
/// <param name="validity">What must still be true for it to be served.</param>
/// <param name="fetchedAt">When the read of the remote that brought the value was sent, on the monotonic clock.</param>
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
    // The entry, its places in the table and in the policy's memory, and the header of its key, rounded up.
    private const int Overhead = 200;

    private readonly NearValidity _validity = validity;
    private readonly ulong _cas = version.Cas;
    private readonly int _epoch = version.Epoch;

    // When it expires; until the entry may be served, the complement of that, which is before every instant.
    private long _servableUntil = ~Math.Max(endsAt, 0);

    public string Key { get; } = key;

    /// <summary>
    /// Gets the value itself where it is immutable; otherwise the <see cref="NearBytes"/> from which each hit makes its own.
    /// </summary>
    public object? Value { get; private set; } = value;

    /// <summary>Gets the rule that keeps it near.</summary>
    public ActiveRule Rule => _validity.Rule;

    /// <summary>Gets the room that it takes a part of.</summary>
    public NearRoom Room => _validity.Room;

    /// <summary>Gets when the read of the remote that brought the value was sent.</summary>
    public long FetchedAt { get; } = fetchedAt;

    public CacheVersion Version => new(_cas, _epoch);

    /// <summary>Gets or sets the next entry of its chain. Owned by the <see cref="NearMap"/>.</summary>
    public NearEntry? Next { get; set; }

    private long EndsAt => _servableUntil is >= 0 and var live ? live : ~_servableUntil;

    /// <summary>Returns the bound on the staleness of a hit now: how long ago the entry's server was last confirmed.</summary>
    public TimeSpan ConfirmedBefore(in Timestamps now) =>
        TimeSpan.FromMilliseconds(Math.Max(now.Monotonic - _validity.Confirmed.Monotonic, 0));

    /// <summary>Replaces fetched bytes by what they were read as. Concurrent readers see the one or the other.</summary>
    public void ReplaceValue(object? read) => Value = read;

    /// <summary>Lets the entry be served: the fill's token was still true when the entry was in the map.</summary>
    public void MakeServable() => Volatile.Write(ref _servableUntil, ~_servableUntil);

    /// <summary>Returns whether the entry may be served now.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsServable(in Timestamps now) => now.Monotonic < Volatile.Read(ref _servableUntil) && _validity.Holds(now);

    /// <summary>Returns whether the entry can never be served again: it expired, or it was voided with its segment or its rule.</summary>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    public override bool IsOver(long now) => now >= EndsAt || !_validity.IsRuleCurrent || !_validity.IsSegmentCurrent;

    /// <summary>Returns why the entry was not served just now.</summary>
    public string ReasonNotServed(in Timestamps now) =>
        now.Monotonic >= EndsAt ? "ended"
        : !_validity.IsRuleCurrent ? "rule"
        : !_validity.IsSegmentCurrent ? "voided"
        : IsServable(now) ? "type"
        : "unconfirmed";

    private static int SizeOf(string key, long valueBytes) =>
        (int)Math.Min(int.MaxValue, Overhead + ((long)sizeof(char) * key.Length) + valueBytes);
}
