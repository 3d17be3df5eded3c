namespace NearCache.ZooKeeper.Sessions;

/// <summary>What a connection tells whoever runs it. Called by its own loops, never at once from two; nothing in it may wait.</summary>
internal interface IConnectionListener
{
    /// <summary>A message has come. Called for each, in order.</summary>
    /// <param name="message">The message; its header alone, if it is longer than what is allowed.</param>
    /// <param name="length">The length of the whole message.</param>
    /// <exception cref="Protocol.JuteFormatException">It is not understood: the connection is to be closed.</exception>
    void OnMessage(ReadOnlySpan<byte> message, int length);

    /// <summary>So many bytes have come. Called before the messages in them.</summary>
    void OnBytesReceived(int bytes);

    /// <summary>Some bytes have come, and the messages in them were handed over.</summary>
    void OnBatchDelivered();

    /// <summary>
    /// What is left to run of what the messages brought about: to be run when the loop waits for more, or given to the thread pool.
    /// </summary>
    IThreadPoolWorkItem? TakeDeferred();

    /// <summary>So many bytes are about to be sent.</summary>
    void OnSending(int bytes);
}
