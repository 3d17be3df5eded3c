using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>What near entries of a server are served by, as designed.</summary>
internal sealed class ServerGate(string identity, ProcessEpochs epochs) : ServerGate<CoherenceProtocol>(identity, epochs);
