namespace NearCache.Memcached.Connections;

/// <summary>The operations in flight of a connection, as <see cref="ReplyReader"/> accesses them.</summary>
internal interface IPendingOperations
{
    /// <summary>Returns the operation with a number, or null if no such operation was sent. Called before each reply.</summary>
    Operation? Peek(long number);

    /// <summary>Returns the current timestamp if durations are recorded. Called once for replies that arrived together.</summary>
    long GetTimestamp();

    /// <summary>Called after each read.</summary>
    void OnBytesReceived(int bytes);

    /// <summary>
    /// Called after each batch: all operations before <paramref name="number"/> are complete, with this many commands and bytes since the
    /// last call.
    /// </summary>
    void OnCompleted(long number, int commands, long bytes);
}
