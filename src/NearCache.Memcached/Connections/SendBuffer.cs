namespace NearCache.Memcached.Connections;

/// <summary>A piece of what is sent.</summary>
/// <param name="Buffer">From the shared pool; used again when it was sent.</param>
/// <param name="Length">How much of it is sent.</param>
internal readonly record struct SendBuffer(byte[] Buffer, int Length);
