using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;

namespace NearCache.Placement;

/// <summary>A valid key with its bytes and the server that owns it.</summary>
/// <param name="Text">
/// The key of the application, or its hashed name if it is too long. The near tier, the rules and the flights use it.
/// </param>
/// <param name="Name">The same in UTF-8. Hashes, logs and slots use it.</param>
/// <param name="Physical">The key on memcached: the name with the configured prefix.</param>
/// <param name="Hash">The hash of the name.</param>
/// <param name="Server">The owner of the key.</param>
/// <param name="Life">The life of the server's contents, read before any request for the key; a CAS that is read belongs to it.</param>
/// <param name="Ring">The generation of the server list, read before the list was used.</param>
/// <param name="StaleEpoch">The epoch of the key in the <see cref="Near.StaleStore"/>, read before any request for the key.</param>
internal readonly record struct PlacedKey(
    string Text, ReadOnlyMemory<byte> Name, byte[] Physical, KeyHash Hash, CoherentServer Server, int Life, long Ring, long StaleEpoch);

/// <summary>A counter and the server that owns it.</summary>
/// <param name="Name">The name of the application, or its hashed name if it is too long; in UTF-8.</param>
/// <param name="Physical">The key on memcached.</param>
/// <param name="Server">The owner.</param>
internal readonly record struct PlacedCounter(ReadOnlyMemory<byte> Name, byte[] Physical, CoherentServer Server);

/// <summary>A lock: its server, its item, and the counter of its fence.</summary>
internal readonly record struct PlacedLock(string Name, byte[] Key, byte[] Fence, CoherentServer Server);
