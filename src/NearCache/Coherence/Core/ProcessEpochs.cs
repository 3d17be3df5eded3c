namespace NearCache.Coherence.Core;

/// <summary>
/// The state that all servers of a process share: the stripes, the generation of the server list, and the count of confirmations.
/// </summary>
/// <remarks>
/// Thread-safe. A near hit reads <see cref="Confirmations"/> before it looks up the entry and again after <see
/// cref="Ledger.Core.ServerGate{TProtocol}.IsCurrent"/>, and repeats the lookup if the number changed. Otherwise a reader that holds an
/// entry while it is voided could pass a gate that opened only because it was voided.
/// </remarks>
internal sealed class ProcessEpochs
{
    private long _ring;
    private long _confirmations;
    private int _lives;

    /// <summary>Gets the epochs of the keys.</summary>
    public Stripes Stripes { get; } = new();

    /// <summary>Gets the generation of the server list. A fill reads it before it looks up the server of its key.</summary>
    public long Ring => Volatile.Read(ref _ring);

    /// <summary>Gets how often any server was confirmed.</summary>
    public long Confirmations => Volatile.Read(ref _confirmations);

    /// <summary>
    /// Raises the generation of the server list. Called after the new list is visible and before <see
    /// cref="Ledger.Core.ServerLedger{TProtocol}.RaiseAll"/> of every old and new server.
    /// </summary>
    public void RaiseRing() => Interlocked.Increment(ref _ring);

    /// <summary>Returns the number of a new life of a server. A CAS value of one life is void in another.</summary>
    public int NextLife() => Interlocked.Increment(ref _lives);

    /// <summary>
    /// Counts a confirmation. Called before a server is confirmed, and after everything that the confirmation requires to be void is void.
    /// </summary>
    public void Confirming() => Interlocked.Increment(ref _confirmations);
}
