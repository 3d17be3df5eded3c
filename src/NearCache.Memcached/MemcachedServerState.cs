namespace NearCache.Memcached;

/// <summary>What is known about a server.</summary>
public enum MemcachedServerState
{
    /// <summary>Nothing was asked of it yet.</summary>
    Unused,

    /// <summary>A connection is being made for the first time, or again after it was lost; calls wait for it.</summary>
    Connecting,

    /// <summary>It answers.</summary>
    Up,

    /// <summary>It does not answer: calls fail at once, one attempt at a time is made in the background.</summary>
    Down,

    /// <summary>The client was disposed, or the server was taken off its list.</summary>
    Closed,
}
