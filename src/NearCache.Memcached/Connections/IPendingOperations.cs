namespace NearCache.Memcached.Connections;

/// <summary>What the reader needs of the connection whose replies it reads.</summary>
internal interface IPendingOperations
{
    /// <summary>The operation of that number, or null if none was sent that far. Called before each reply.</summary>
    Operation? Peek(long number);

    /// <summary>This instant, if somebody wants durations. Asked once for replies that came together.</summary>
    long GetTimestamp();

    /// <summary>So many bytes arrived. Called after each read.</summary>
    void OnBytesReceived(int bytes);

    /// <summary>
    /// All operations before that number are done, with so many commands and bytes since the last call. Called after each batch.
    /// </summary>
    void OnCompleted(long number, int commands, long bytes);
}
