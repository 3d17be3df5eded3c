namespace NearCache.Tests.Coherence.Model;

/// <summary>How much happens in the model of debts.</summary>
/// <param name="Writes">Which of the two keys is written.</param>
/// <param name="MayCut">May one write be cut off?</param>
/// <param name="MayLose">May counters be lost once?</param>
/// <param name="Audits">How many audits and flushes are sent.</param>
/// <param name="LossEndsDebts">A tempting shortcut: who owes bumps to a server that lost any counter does not pay.</param>
internal sealed record OwedBumpScope(bool[] Writes, bool MayCut, bool MayLose, int Audits, bool LossEndsDebts = false)
{
    public static OwedBumpScope Debts { get; } = new([true, true], true, false, 2);

    public static OwedBumpScope Losses { get; } = new([true, true], false, true, 2);

    public static OwedBumpScope Both { get; } = new([false, true], true, true, 3);

    public static OwedBumpScope BothHere { get; } = new([true, false], true, true, 3);
}
