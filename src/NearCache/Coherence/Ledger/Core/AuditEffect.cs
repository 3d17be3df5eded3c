namespace NearCache.Coherence.Ledger.Core;

/// <summary>What an event did to the entries of a server.</summary>
/// <param name="Confirmed">A later instant is confirmed.</param>
/// <param name="Raised">Bit s: the generation of segment s was raised, so its entries are gone.</param>
/// <param name="Reason">Why.</param>
internal readonly record struct AuditEffect(bool Confirmed, ulong Raised, FlushReason Reason)
{
    /// <summary>The counters were lost: the leases of the server's rules start again, leases of fills on it are void.</summary>
    public bool CountersLost => Reason is FlushReason.CountersAbsent or FlushReason.CountersBackward or FlushReason.CountersJumped;

    /// <summary>How many segments were flushed.</summary>
    public int RaisedCount => System.Numerics.BitOperations.PopCount(Raised);
}
