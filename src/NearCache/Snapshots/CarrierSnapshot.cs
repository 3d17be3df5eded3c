namespace NearCache;

/// <summary>The state of one carrier of announcements in a process: ZooKeeper, or a message broker.</summary>
public sealed record CarrierSnapshot
{
    /// <summary>Gets the name: <c>ZooKeeper</c>, or that of the broker, such as <c>RabbitMQ</c>.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// Gets a value indicating whether announcements of other processes arrive. A broker delivers while it has lately delivered this
    /// process's own messages; a connection alone is not enough.
    /// </summary>
    public required bool IsDelivering { get; init; }

    /// <summary>Gets why it does not deliver, as a clause; null if it delivers or if nothing is known.</summary>
    public string? Problem { get; init; }

    /// <summary>Gets the expected time from an announcement to its arrival; of a broker, that of this process's last message.</summary>
    public required TimeSpan ExpectedDelay { get; init; }

    /// <summary>Gets the messages a second that this process may send.</summary>
    public required double MessagesPerSecond { get; init; }

    /// <summary>Gets the number of processes that share the budget of the namespace, as far as is known.</summary>
    public required int Members { get; init; }

    /// <summary>Gets the number of keys that wait to be announced.</summary>
    public required int Waiting { get; init; }

    /// <summary>Gets the number of messages that were sent, confirmed or not.</summary>
    public required long Sent { get; init; }

    /// <summary>Gets the number of messages that the broker did not confirm, or that ZooKeeper did not write.</summary>
    public long Failed { get; init; }

    /// <summary>Gets the number of messages that were received, own ones included.</summary>
    public long Received { get; init; }

    /// <summary>Gets the number of received messages of other processes that could not be read.</summary>
    public long Unreadable { get; init; }

    /// <summary>
    /// Gets the number of received messages that name keys and have no valid signature. The keys were dropped from the near tier, and
    /// nothing else was concluded from the messages.
    /// </summary>
    public long WithoutSignature { get; init; }

    /// <summary>Gets the number of received messages that were ignored because there were too many.</summary>
    public long Shed { get; init; }

    /// <summary>Gets the number of connections that were opened.</summary>
    public long Connects { get; init; }
}
