using NearCache.Coherence.Ledger;

namespace NearCache.Paths;

/// <summary>A counter, and the server that owns it.</summary>
/// <param name="Name">As the application names it, or, if that is too long, its name; in UTF-8.</param>
/// <param name="Physical">What memcached knows it by.</param>
/// <param name="Server">The server that owns it.</param>
internal readonly record struct CounterPlace(ReadOnlyMemory<byte> Name, byte[] Physical, CoherentServer Server);
