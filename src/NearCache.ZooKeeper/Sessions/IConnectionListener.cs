namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Receives the events of a connection. Called by the loops of the connection, one call at a time. Implementations must not block.
/// </summary>
internal interface IConnectionListener
{
    /// <summary>Called for each message, in order.</summary>
    /// <param name="message">The message, or only its header if the message exceeds the limit.</param>
    /// <param name="length">The length of the whole message.</param>
    /// <exception cref="Protocol.JuteFormatException">The message is invalid. The connection is then closed.</exception>
    void OnMessage(ReadOnlySpan<byte> message, int length);

    /// <summary>Called when bytes have arrived, before their messages are delivered.</summary>
    void OnBytesReceived(int bytes);

    /// <summary>Called after the messages of a read have been delivered.</summary>
    void OnBatchDelivered();

    /// <summary>
    /// Takes the work item that the last messages scheduled, if any. The loop executes it when it suspends, or queues it to the thread
    /// pool.
    /// </summary>
    IThreadPoolWorkItem? TakeDeferred();

    /// <summary>Called before bytes are sent.</summary>
    void OnSending(int bytes);
}
