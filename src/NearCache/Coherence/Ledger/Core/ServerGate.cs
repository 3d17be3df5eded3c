using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// What near entries of one memcached server are served by: up to which instant all is certain, and a generation for each segment.
/// </summary>
/// <remarks>
/// Any thread may ask. Its <see cref="ServerLedger{TProtocol}"/> raises and confirms, in this order: confirming before voiding would be a
/// stale hit.
/// </remarks>
/// <typeparam name="TProtocol">The decisions of the proof; <see cref="CoherenceProtocol"/> outside of tests.</typeparam>
/// <param name="identity">Names the server, the same in every process of the fleet: never an index.</param>
/// <param name="epochs">What the servers of the process share.</param>
internal class ServerGate<TProtocol>(string identity, ProcessEpochs epochs)
    where TProtocol : struct, ICoherenceProtocol
{
    private readonly long[] _generations = new long[KeyHash.Segments];
    private long _confirmedMonotonic = Timestamps.Never.Monotonic;
    private long _confirmedWall = Timestamps.Never.Wall;

    /// <summary>The server's name.</summary>
    public string Identity => identity;

    /// <summary>Its name in slots.</summary>
    public ulong IdentityHash { get; } = KeyHash.Of(System.Text.Encoding.UTF8.GetBytes(identity)).Value;

    /// <summary>Everything that was complete at this instant is reflected in what is served.</summary>
    public Timestamps Confirmed => new(Volatile.Read(ref _confirmedMonotonic), Volatile.Read(ref _confirmedWall));

    /// <summary>The generation of a segment; an entry of an older one is gone.</summary>
    public long Generation(int segment) => Volatile.Read(ref _generations[segment]);

    /// <summary>May an entry be served now?</summary>
    /// <remarks>
    /// The confirmed instant is read before the generation: who sees a new confirmation also sees what was raised for it.
    /// </remarks>
    /// <param name="segment">The entry's segment.</param>
    /// <param name="generation">The generation it was stamped with.</param>
    /// <param name="now">Read before the entry was looked up.</param>
    /// <param name="maxStaleness">In milliseconds.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsCurrent(int segment, long generation, in Timestamps now, long maxStaleness) =>
        IsOpen(now, maxStaleness) && Volatile.Read(ref _generations[segment]) == generation;

    /// <summary>Is the gate open: is the last confirmed instant recent enough on both clocks?</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsOpen(in Timestamps now, long maxStaleness) =>
        TProtocol.IsOpen(now.Monotonic, Volatile.Read(ref _confirmedMonotonic), maxStaleness)
        && TProtocol.IsOpenByWall(now.Wall, Volatile.Read(ref _confirmedWall), maxStaleness);

    /// <summary>Takes the token of a fill, before its remote read is sent.</summary>
    /// <param name="key">The hash of the key.</param>
    /// <param name="ring"><see cref="ProcessEpochs.Ring"/>, read before the server list was asked for this server.</param>
    /// <param name="rule">The generation of the rule, kept in the token for the caller to compare.</param>
    /// <param name="now">The time of sending.</param>
    public FillToken BeginFill(KeyHash key, long ring, long rule, in Timestamps now)
    {
        var stripe = key.Stripe(Stripes.Count);
        return new FillToken(now, key.Segment, Generation(key.Segment), rule, ring, stripe, epochs.Stripes.Read(stripe));
    }

    /// <summary>The generation that the entry of a fill is stamped with.</summary>
    public long Stamp(in FillToken token) => TProtocol.Stamp(token.Generation, Generation(token.Segment));

    /// <summary>
    /// May the entry of a fill be served? Asked once, after the entry is in the map and before anyone may be given it; if not, it is taken
    /// out again.
    /// </summary>
    public bool MayServe(in FillToken token) =>
        TProtocol.MayServe(token.Epoch, epochs.Stripes.Read(token.Stripe))
        && token.Ring == epochs.Ring
        && Stamp(token) == Generation(token.Segment);

    /// <summary>The entries of some segments are gone.</summary>
    /// <param name="segments">Bit s: those of segment s.</param>
    public void Raise(ulong segments)
    {
        for (var segment = 0; segment < KeyHash.Segments; segment++)
        {
            if ((segments >> segment & 1) != 0)
            {
                Interlocked.Increment(ref _generations[segment]);
            }
        }
    }

    /// <summary>
    /// Everything that was complete at this instant is reflected in what is served. True: it is later than what was confirmed before.
    /// </summary>
    public bool Confirm(in Timestamps instant)
    {
        if (instant.Monotonic <= _confirmedMonotonic)
        {
            return false;
        }

        epochs.Confirming();
        Volatile.Write(ref _confirmedWall, instant.Wall);
        Volatile.Write(ref _confirmedMonotonic, instant.Monotonic);
        return true;
    }

    /// <summary>Puts the gate into a state met before; for a test that explores states.</summary>
    internal void Restore(in Timestamps confirmed, ReadOnlySpan<long> generations)
    {
        (_confirmedMonotonic, _confirmedWall) = confirmed;
        generations.CopyTo(_generations);
    }
}

/// <summary>What near entries of a server are served by, as designed.</summary>
internal sealed class ServerGate(string identity, ProcessEpochs epochs) : ServerGate<CoherenceProtocol>(identity, epochs);
