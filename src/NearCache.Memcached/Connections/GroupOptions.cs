namespace NearCache.Memcached.Connections;

/// <summary>How a group of commands is sent.</summary>
/// <param name="HasTimeout">
/// Whether its caller waits for the operation timeout at most; otherwise the answer comes, however late, or the connection ends.
/// </param>
/// <param name="ConnectionId">The only connection that may carry it; null: the one of the first key.</param>
internal readonly record struct GroupOptions(bool HasTimeout = false, long? ConnectionId = null);
