using System.Net;

namespace NearCache.Brokers;

/// <summary>A message broker as the carrier of announcements uses it: it connects, and knows nothing of the content of messages.</summary>
/// <remarks>
/// A package implements it for one product. NearCache decides what is published and when, and makes right what is lost, late, doubled or
/// reordered. Caches of one process may share an instance.
/// </remarks>
internal interface IMessageBroker
{
    /// <summary>Gets the name of the product, for logs, metrics and health checks.</summary>
    string Name { get; }

    /// <summary>Connects and subscribes. Called again by the same loop after the connection has ended, with delays that increase.</summary>
    /// <param name="subscription">What is received, and where it goes.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <exception cref="Exception">The attempt failed. The message names the server and the setting that would change it.</exception>
    Task<IBrokerConnection> ConnectAsync(BrokerSubscription subscription, CancellationToken cancellationToken);
}

/// <summary>One subscription of a cache at a message broker. It ends once, and is not repaired.</summary>
internal interface IBrokerConnection : IAsyncDisposable, IDisposable
{
    /// <summary>Gets the socket; null if it is unknown.</summary>
    BrokerConnectionInfo? Info { get; }

    /// <summary>Gets a task that completes, never with an exception, when the subscription has ended. The result is the reason.</summary>
    Task<string> Ended { get; }

    /// <summary>Gets why the broker accepts no messages for now, although it is connected; null if it accepts them.</summary>
    string? Blocked { get; }

    /// <summary>Publishes a message to every subscription of the namespace. Completes when the broker has confirmed it.</summary>
    /// <exception cref="Exception">The broker did not confirm it. Whether it is delivered is unknown.</exception>
    Task PublishAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken);
}

/// <summary>What a cache receives from a broker.</summary>
/// <param name="Namespace">The namespace: messages of its processes are received.</param>
/// <param name="Member">The name of this cache among the members.</param>
/// <param name="Receive">
/// Called for each message, own ones included, on one thread at a time. The bytes are valid until it returns. It does not block.
/// </param>
internal sealed record BrokerSubscription(string Namespace, string Member, Action<ReadOnlyMemory<byte>> Receive);

/// <summary>The socket of a broker connection.</summary>
/// <param name="Server">The server, as configured.</param>
/// <param name="Local">The local address and port.</param>
/// <param name="Remote">The address and port of the server.</param>
/// <param name="OpenedAt">The time at which it was opened.</param>
/// <param name="Messages">The number of messages sent and received.</param>
/// <param name="BytesSent">The bytes of the messages sent.</param>
/// <param name="BytesReceived">The bytes of the messages received.</param>
internal sealed record BrokerConnectionInfo(
    string Server,
    IPEndPoint? Local,
    IPEndPoint? Remote,
    DateTimeOffset OpenedAt,
    long Messages,
    long BytesSent,
    long BytesReceived);
