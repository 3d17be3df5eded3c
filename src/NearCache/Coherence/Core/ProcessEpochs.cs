namespace NearCache.Coherence.Core;

/// <summary>
/// What all servers of a process have in common: the stripes, the generation of the server list, and the count of confirmations.
/// </summary>
/// <remarks>
/// Any thread may read. A near hit reads <see cref="Confirmations"/> before it looks the entry up and again after
/// <see cref="Ledger.Core.ServerGate{TProtocol}.IsCurrent"/>: if it changed, the hit looks up again. Without that, a reader that held an entry while it
/// was voided could pass a gate that opened only because it was voided.
/// </remarks>
internal sealed class ProcessEpochs
{
    private long _ring;
    private long _confirmations;
    private int _lives;

    /// <summary>The epochs of the keys.</summary>
    public Stripes Stripes { get; } = new();

    /// <summary>The generation of the server list. A fill reads it before it asks the list which server has the key.</summary>
    public long Ring => Volatile.Read(ref _ring);

    /// <summary>How often any server was confirmed.</summary>
    public long Confirmations => Volatile.Read(ref _confirmations);

    /// <summary>
    /// The server list was replaced. Called after the new list can be seen and before <see cref="Ledger.Core.ServerLedger{TProtocol}.RaiseAll"/> of every
    /// server, old and new.
    /// </summary>
    public void RaiseRing() => Interlocked.Increment(ref _ring);

    /// <summary>A number for a server that begins, or begins again: a CAS of one life says nothing in another.</summary>
    public int NextLife() => Interlocked.Increment(ref _lives);

    /// <summary>A server is about to be confirmed; what the confirmation needs voided is voided.</summary>
    public void Confirming() => Interlocked.Increment(ref _confirmations);
}
