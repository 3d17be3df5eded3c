namespace NearCache.Tests.Coherence.Model;

/// <summary>How much happens in the model.</summary>
/// <param name="Writers">For each writer the key that it writes, once; key k lies in a segment of its own.</param>
/// <param name="Audits">How many audits and flushes the reader sends.</param>
internal sealed record AuditScope(int[] Writers, int Audits)
{
    public const int Keys = 2;
    public const int Fills = 2;

    public static AuditScope TwoWriters { get; } = new([0, 1], 3);

    public static AuditScope ThreeWriters { get; } = new([0, 1, 0], 2);
}
