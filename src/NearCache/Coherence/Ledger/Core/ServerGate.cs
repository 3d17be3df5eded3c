using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>The gate of the near entries of one memcached server: the confirmed instant, and a generation for each segment.</summary>
/// <remarks>
/// Thread-safe. The <see cref="ServerLedger{TProtocol}"/> raises generations before it confirms: the other order would allow a stale hit.
/// </remarks>
/// <typeparam name="TProtocol">The decisions of the proof. <see cref="CoherenceProtocol"/> outside of tests.</typeparam>
/// <param name="identity">The name of the server, equal in every process of the fleet. Never an index.</param>
/// <param name="epochs">The state that the servers of the process share.</param>
internal class ServerGate<TProtocol>(string identity, ProcessEpochs epochs)
    where TProtocol : struct, ICoherenceProtocol
{
    private readonly long[] _generations = new long[KeyHash.Segments];
    private long _confirmedMonotonic = Timestamps.Never.Monotonic;
    private long _confirmedWall = Timestamps.Never.Wall;

    /// <summary>Gets the name of the server.</summary>
    public string Identity => identity;

    /// <summary>Gets the hash that names the server in slots.</summary>
    public ulong IdentityHash { get; } = KeyHash.Of(System.Text.Encoding.UTF8.GetBytes(identity)).Value;

    /// <summary>Gets the confirmed instant: everything that was complete at this instant is reflected in the near entries.</summary>
    public Timestamps Confirmed => new(Volatile.Read(ref _confirmedMonotonic), Volatile.Read(ref _confirmedWall));

    /// <summary>Returns the generation of a segment. Entries of an older generation are void.</summary>
    public long Generation(int segment) => Volatile.Read(ref _generations[segment]);

    /// <summary>Returns whether an entry may be served now.</summary>
    /// <remarks>
    /// Reads the confirmed instant before the generation, so that a reader that sees a new confirmation also sees the generations raised
    /// for it.
    /// </remarks>
    /// <param name="segment">The entry's segment.</param>
    /// <param name="generation">The generation that the entry was stamped with.</param>
    /// <param name="now">The time, read before the entry was looked up.</param>
    /// <param name="maxStaleness">In milliseconds.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsCurrent(int segment, long generation, in Timestamps now, long maxStaleness) =>
        IsOpen(now, maxStaleness) && Volatile.Read(ref _generations[segment]) == generation;

    /// <summary>Returns whether the gate is open: whether the confirmed instant is recent enough on both clocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsOpen(in Timestamps now, long maxStaleness) =>
        TProtocol.IsOpen(now.Monotonic, Volatile.Read(ref _confirmedMonotonic), maxStaleness)
        && TProtocol.IsOpenByWall(now.Wall, Volatile.Read(ref _confirmedWall), maxStaleness);

    /// <summary>Takes the token of a fill. Called before the remote read is sent.</summary>
    /// <param name="key">The hash of the key.</param>
    /// <param name="ring"><see cref="ProcessEpochs.Ring"/>, read before the server was looked up in the server list.</param>
    /// <param name="rule">The generation of the rule, stored in the token for the caller.</param>
    /// <param name="now">The time of sending.</param>
    public FillToken BeginFill(KeyHash key, long ring, long rule, in Timestamps now)
    {
        var stripe = key.Stripe(Stripes.Count);
        return new FillToken(now, key.Segment, Generation(key.Segment), rule, ring, stripe, epochs.Stripes.Read(stripe));
    }

    /// <summary>Returns the generation that the entry of a fill is stamped with.</summary>
    public long Stamp(in FillToken token) => TProtocol.Stamp(token.Generation, Generation(token.Segment));

    /// <summary>
    /// Returns whether the entry of a fill may be served. Called once, after the entry is in the map and before any caller can get it. If
    /// not, the caller removes the entry.
    /// </summary>
    public bool MayServe(in FillToken token) =>
        TProtocol.MayServe(token.Epoch, epochs.Stripes.Read(token.Stripe))
        && token.Ring == epochs.Ring
        && Stamp(token) == Generation(token.Segment);

    /// <summary>Voids the entries of segments by raising their generations.</summary>
    /// <param name="segments">A mask: bit s voids segment s.</param>
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

    /// <summary>Sets the confirmed instant. Returns false if a later one is confirmed already.</summary>
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

    /// <summary>
    /// Closes the gate until the next confirmation. The caller prevents that an audit of before confirms.
    /// </summary>
    public void Close()
    {
        Volatile.Write(ref _confirmedMonotonic, Timestamps.Never.Monotonic);
        Volatile.Write(ref _confirmedWall, Timestamps.Never.Wall);
    }

    /// <summary>Restores an explored state. For model tests.</summary>
    internal void Restore(in Timestamps confirmed, ReadOnlySpan<long> generations)
    {
        (_confirmedMonotonic, _confirmedWall) = confirmed;
        generations.CopyTo(_generations);
    }
}

/// <summary>The gate of a server in the protocol itself.</summary>
internal sealed class ServerGate(string identity, ProcessEpochs epochs) : ServerGate<CoherenceProtocol>(identity, epochs);
