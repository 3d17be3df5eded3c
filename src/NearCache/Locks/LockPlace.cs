using NearCache.Coherence.Ledger;

namespace NearCache.Locks;

/// <summary>Where a lock is: the server, the item that is the lock, and the counter of its fence beside it.</summary>
internal readonly record struct LockPlace(string Name, byte[] Key, byte[] Fence, CoherentServer Server);
