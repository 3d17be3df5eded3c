using NearCache.Coherence.Core;

namespace NearCache.Tests.Coherence.Model;

// Each is the design with one tempting shortcut. They exist only here, and every one must be caught.

internal readonly struct TotalBeforeSegment : IDesign
{
    public static ReadOnlySpan<MutationCommand> MutationOrder =>
        [MutationCommand.Mutate, MutationCommand.BumpTotal, MutationCommand.BumpSegment];
}

internal readonly struct BumpBeforeMutation : IDesign
{
    public static ReadOnlySpan<MutationCommand> MutationOrder =>
        [MutationCommand.BumpSegment, MutationCommand.BumpTotal, MutationCommand.Mutate];
}

internal readonly struct SegmentsBeforeTotal : IDesign
{
    public static bool FlushReadsTotalFirst => false;
}

internal readonly struct TokenAfterRead : IDesign
{
    public static bool TokenBeforeRead => false;
}

internal readonly struct NoEpoch : IDesign
{
    public static bool MayServe(long epochOfToken, long epochNow) => true;
}

internal readonly struct GenerationAtInsert : IDesign
{
    public static long Stamp(long generationOfToken, long generationNow) => generationNow;
}

internal readonly struct ConfirmAtReceive : IDesign
{
    public static Moment Confirms(Moment sent, Moment received) => received;
}

internal readonly struct ConfirmUnexplained : IDesign
{
    public static bool IsExplained(GaplessPrefix totals, long total) => true;
}

internal readonly struct CountExplained : IDesign
{
    public static bool IsExplained(GaplessPrefix totals, long total) => totals.Known + totals.Beyond >= total;
}

internal readonly struct NoGate : IDesign
{
    public static bool IsOpen(long now, long confirmed, long maxStaleness) => true;

    public static bool IsOpenByWall(long now, long confirmed, long maxStaleness) => true;
}

internal readonly struct MonotonicGateOnly : IDesign
{
    public static bool IsOpenByWall(long now, long confirmed, long maxStaleness) => true;
}

internal readonly struct WallGateOnly : IDesign
{
    public static bool IsOpen(long now, long confirmed, long maxStaleness) => true;
}

internal readonly struct LossUnnoticed : IDesign
{
    public static bool IsLost(long shown, long atLeast, long known) => false;
}

internal readonly struct NoDebts : IDesign
{
    public static bool OwesAfterSilence => false;
}

internal readonly struct FlushOfNothing : IDesign
{
    public static bool MustFlush(GaplessPrefix segment, long shown) => false;
}
