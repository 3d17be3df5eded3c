using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>The decisions on which the proof of bounded staleness rests, one member each. Each default is the protocol.</summary>
/// <remarks>
/// Tests replace one member and must see their checker object: that proves that the tests notice a broken protocol. <see
/// cref="CoherenceProtocol"/> overrides nothing. Being a struct it is compiled away, so it costs nothing in a near hit.
/// </remarks>
internal interface ICoherenceProtocol
{
    /// <summary>Gets the order of a mutation and its increments in one write on one connection.</summary>
    /// <remarks>
    /// The mutation is first: otherwise a reader fills the old value after the increment was audited. The segment is before the total:
    /// otherwise an audit counts a write that its segment does not show.
    /// </remarks>
    static virtual ReadOnlySpan<MutationCommand> MutationOrder =>
        [MutationCommand.Mutate, MutationCommand.BumpSegment, MutationCommand.BumpTotal];

    /// <summary>Gets whether a flush reads the total first, so that the segments cover every write that it counts.</summary>
    static virtual bool FlushReadsTotalFirst => true;

    /// <summary>Gets whether the token of a fill is taken before the remote read is sent.</summary>
    static virtual bool TokenBeforeRead => true;

    /// <summary>Returns whether a fill is kept: only if its key was not voided since the token.</summary>
    static virtual bool MayServe(long epochOfToken, long epochNow) => epochOfToken == epochNow;

    /// <summary>Returns the generation of an entry: that of its token.</summary>
    static virtual long Stamp(long generationOfToken, long generationNow) => generationOfToken;

    /// <summary>Returns the instant that an audit confirms: the time of its sending.</summary>
    static virtual Timestamps Confirms(Timestamps sent, Timestamps received) => sent;

    /// <summary>Returns whether a total is explained: nothing is missing up to it.</summary>
    static virtual bool IsExplained(GaplessPrefix totals, long total) => totals.Known >= total;

    /// <summary>Returns whether a segment is flushed: it shows more than was explained.</summary>
    static virtual bool MustFlush(GaplessPrefix segment, long shown) => shown > segment.Known;

    /// <summary>Returns whether a counter has lost its history: it is lower than it must be, or far higher.</summary>
    static virtual bool IsLost(long shown, long atLeast, long known) => shown < atLeast || shown - known > GaplessPrefix.MaxDistance;

    /// <summary>Returns whether the gate is open by the monotonic clock.</summary>
    static virtual bool IsOpen(long now, long confirmed, long maxStaleness) => now - confirmed <= maxStaleness;

    /// <summary>
    /// Returns whether the gate is open by the wall clock: from a second before the confirmed instant until maxStaleness after it. A clock
    /// that was set back further proves nothing.
    /// </summary>
    static virtual bool IsOpenByWall(long now, long confirmed, long maxStaleness) =>
        (ulong)(now - confirmed + 1000) <= (ulong)(maxStaleness + 1000);

    /// <summary>Gets whether an audit confirms while the server carries other rules than those applied here.</summary>
    static virtual bool ConfirmsDespiteOtherRules => false;

    /// <summary>Gets whether a mutation without replies to its increments leaves an owed bump.</summary>
    static virtual bool OwesAfterSilence => true;
}

/// <summary>The protocol itself. Tests replace it to prove that they notice a broken one.</summary>
internal readonly struct CoherenceProtocol : ICoherenceProtocol;
