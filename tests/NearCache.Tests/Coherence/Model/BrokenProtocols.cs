using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;

namespace NearCache.Tests.Coherence.Model;

// Each is the protocol with one tempting shortcut. They exist only here, and every one must be caught.

internal readonly struct TotalBeforeSegment : ICoherenceProtocol
{
    public static ReadOnlySpan<MutationCommand> MutationOrder =>
        [MutationCommand.Mutate, MutationCommand.BumpTotal, MutationCommand.BumpSegment];
}

internal readonly struct BumpBeforeMutation : ICoherenceProtocol
{
    public static ReadOnlySpan<MutationCommand> MutationOrder =>
        [MutationCommand.BumpSegment, MutationCommand.BumpTotal, MutationCommand.Mutate];
}

internal readonly struct SegmentsBeforeTotal : ICoherenceProtocol
{
    public static bool FlushReadsTotalFirst => false;
}

internal readonly struct TokenAfterRead : ICoherenceProtocol
{
    public static bool TokenBeforeRead => false;
}

internal readonly struct NoEpoch : ICoherenceProtocol
{
    public static bool MayServe(long epochOfToken, long epochNow) => true;
}

internal readonly struct GenerationAtInsert : ICoherenceProtocol
{
    public static long Stamp(long generationOfToken, long generationNow) => generationNow;
}

internal readonly struct ConfirmAtReceive : ICoherenceProtocol
{
    public static Timestamps Confirms(Timestamps sent, Timestamps received) => received;
}

internal readonly struct ConfirmUnexplained : ICoherenceProtocol
{
    public static bool IsExplained(GaplessPrefix totals, long total) => true;
}

internal readonly struct CountExplained : ICoherenceProtocol
{
    public static bool IsExplained(GaplessPrefix totals, long total) => totals.Known + totals.Beyond >= total;
}

internal readonly struct NoGate : ICoherenceProtocol
{
    public static bool IsOpen(long now, long confirmed, long maxStaleness) => true;

    public static bool IsOpenByWall(long now, long confirmed, long maxStaleness) => true;
}

internal readonly struct MonotonicGateOnly : ICoherenceProtocol
{
    public static bool IsOpenByWall(long now, long confirmed, long maxStaleness) => true;
}

internal readonly struct WallGateOnly : ICoherenceProtocol
{
    public static bool IsOpen(long now, long confirmed, long maxStaleness) => true;
}

internal readonly struct LossUnnoticed : ICoherenceProtocol
{
    public static bool IsLost(long shown, long atLeast, long known) => false;
}

internal readonly struct NoOwedBumps : ICoherenceProtocol
{
    public static bool OwesAfterSilence => false;
}

internal readonly struct FlushOfNothing : ICoherenceProtocol
{
    public static bool MustFlush(GaplessPrefix segment, long shown) => false;
}
