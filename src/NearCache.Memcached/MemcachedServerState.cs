namespace NearCache.Memcached;

/// <summary>Specifies the state of a server, as its client sees it.</summary>
public enum MemcachedServerState
{
    /// <summary>No call has gone to the server yet.</summary>
    Unused,

    /// <summary>A connection is being opened for the first time, or again after it was lost; calls wait for it.</summary>
    Connecting,

    /// <summary>A connection is open.</summary>
    Up,

    /// <summary>The server does not reply. Calls fail at once, while the client attempts to reconnect in the background.</summary>
    Down,

    /// <summary>The client was disposed, or the server was removed from its list.</summary>
    Closed,
}
