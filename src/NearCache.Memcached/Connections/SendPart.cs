namespace NearCache.Memcached.Connections;

/// <summary>A piece of what is sent: our own buffer, or memory of the caller's.</summary>
/// <param name="Memory">The bytes.</param>
/// <param name="Buffer">Our buffer, to be used again; null for the caller's memory.</param>
/// <param name="Owner">Who hears that the caller's memory was sent.</param>
internal readonly record struct SendPart(ReadOnlyMemory<byte> Memory, byte[]? Buffer, Operation? Owner);
