namespace NearCache.Tests.Coherence.Model;

/// <summary>How much happens in the model of activation.</summary>
/// <param name="Lease">Ticks of the lease.</param>
/// <param name="End">The last tick.</param>
/// <param name="Evictions">How often the rules item may be lost.</param>
/// <param name="HasLateReader">Is the reader that is looked at one that trusts another reader's settled mark?</param>
internal sealed record RuleScope(int Lease, int End, int Evictions, bool HasLateReader)
{
    public static RuleScope Activation { get; } = new(2, 5, 2, false);

    public static RuleScope LateReader { get; } = new(1, 2, 1, true);

    public static RuleScope ActivationInFull { get; } = new(3, 9, 2, false);

    public static RuleScope LateReaderInFull { get; } = new(2, 4, 1, true);
}
