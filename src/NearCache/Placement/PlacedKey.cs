using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;

namespace NearCache.Placement;

/// <summary>A key that is known to be one, with its bytes and the server that owns it.</summary>
/// <param name="Text">
/// As the application names it, or, if that is too long, its name: what the near tier, the rules and the flights know it by.
/// </param>
/// <param name="Name">The same in UTF-8: what hashes, logs and slots hold.</param>
/// <param name="Physical">What memcached knows it by: the name behind the configured prefix.</param>
/// <param name="Hash">The hash of the name.</param>
/// <param name="Server">The server that owns it.</param>
/// <param name="Life">
/// The life of the server's contents, noted before anything is asked about the key: what a CAS that is read is of.
/// </param>
/// <param name="Ring">The generation of the server list, read before the list was asked.</param>
/// <param name="StaleEpoch">The epoch of the key in the <see cref="Near.StaleStore"/>, read before anything is asked about the key.</param>
internal readonly record struct PlacedKey(
    string Text, ReadOnlyMemory<byte> Name, byte[] Physical, KeyHash Hash, CoherentServer Server, int Life, long Ring, long StaleEpoch);

/// <summary>A counter, and the server that owns it.</summary>
/// <param name="Name">As the application names it, or, if that is too long, its name; in UTF-8.</param>
/// <param name="Physical">What memcached knows it by.</param>
/// <param name="Server">The server that owns it.</param>
internal readonly record struct PlacedCounter(ReadOnlyMemory<byte> Name, byte[] Physical, CoherentServer Server);

/// <summary>Where a lock is: the server, the item that is the lock, and the counter of its fence beside it.</summary>
internal readonly record struct PlacedLock(string Name, byte[] Key, byte[] Fence, CoherentServer Server);
