namespace NearCache.Coherence.Core;

/// <summary>The ledger of a server, as designed.</summary>
internal sealed class ServerCoherence(string identity, ProcessEpochs epochs) : ServerLedger<AsDesigned>(identity, epochs);
