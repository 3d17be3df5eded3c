using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>The decisions on which the proof of bounded staleness rests, one member each. Every default is the design.</summary>
/// <remarks>
/// This is the seam for breaking the core on purpose: a test implements the interface with one member otherwise and must see its checker
/// object. <see cref="CoherenceProtocol"/> overrides nothing, and as a struct it is compiled away: the choice costs nothing, also not in a near
/// hit.
/// </remarks>
internal interface ICoherenceProtocol
{
    /// <summary>The order of a mutation and its bumps, in one write on one connection.</summary>
    /// <remarks>
    /// Mutation first: else a reader refills the old value after the bump was audited. Segment before total: else an audit counts a write
    /// that its segment does not show.
    /// </remarks>
    static virtual ReadOnlySpan<MutationCommand> MutationOrder =>
        [MutationCommand.Mutate, MutationCommand.BumpSegment, MutationCommand.BumpTotal];

    /// <summary>A flush reads the total first, so that the segments cover every write that it counts.</summary>
    static virtual bool FlushReadsTotalFirst => true;

    /// <summary>The token of a fill is taken before the remote read is sent.</summary>
    static virtual bool TokenBeforeRead => true;

    /// <summary>A fill is kept only if its key was not voided meanwhile.</summary>
    static virtual bool MayServe(long epochOfToken, long epochNow) => epochOfToken == epochNow;

    /// <summary>An entry keeps the generation of its token.</summary>
    static virtual long Stamp(long generationOfToken, long generationNow) => generationOfToken;

    /// <summary>The instant that an audit confirms is that of its sending.</summary>
    static virtual Timestamps Confirms(Timestamps sent, Timestamps received) => sent;

    /// <summary>A total is explained when nothing is missing up to it.</summary>
    static virtual bool IsExplained(GaplessPrefix totals, long total) => totals.Known >= total;

    /// <summary>A segment is flushed when it shows more than was explained.</summary>
    static virtual bool MustFlush(GaplessPrefix segment, long shown) => shown > segment.Known;

    /// <summary>A counter that is lower than it must be, or far higher, has lost its history.</summary>
    static virtual bool IsLost(long shown, long atLeast, long known) => shown < atLeast || shown - known > GaplessPrefix.Farthest;

    /// <summary>The gate, on the monotonic clock.</summary>
    static virtual bool IsOpen(long now, long confirmed, long maxStaleness) => now - confirmed <= maxStaleness;

    /// <summary>
    /// The gate, on the wall clock: open from a second before the confirmed instant (a clock that was set back more says nothing) to
    /// maxStaleness after it.
    /// </summary>
    static virtual bool IsOpenByWall(long now, long confirmed, long maxStaleness) =>
        (ulong)(now - confirmed + 1000) <= (ulong)(maxStaleness + 1000);

    /// <summary>An audit confirms only while the server carries exactly the rules that are applied here.</summary>
    static virtual bool ConfirmsDespiteOtherRules => false;

    /// <summary>A mutation whose bumps were not answered leaves a debt.</summary>
    static virtual bool OwesAfterSilence => true;
}

/// <summary>The design, unbroken.</summary>
internal readonly struct CoherenceProtocol : ICoherenceProtocol;
