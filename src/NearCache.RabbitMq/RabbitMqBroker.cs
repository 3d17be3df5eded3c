using System.Globalization;
using NearCache.Brokers;
using NearCache.Remote;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace NearCache.RabbitMq;

/// <summary>
/// RabbitMQ as a carrier: a fanout exchange per namespace, and per process an exclusive queue of bounded length that drops its oldest
/// messages.
/// </summary>
internal sealed class RabbitMqBroker(RabbitMqOptions options, ClientPool<RabbitMqOptions, SharedConnection> connections) : IMessageBroker
{
    // A process that stands still holds this many messages in its own memory. The rest is in its queue, which is bounded.
    private const ushort Prefetch = 64;
    private const long MaxQueueBytes = 8 << 20;

    // A queue without a consumer is removed after this time, in milliseconds: one that could be declared and not bound or consumed would
    // last as long as the connection, which others may use, and each further attempt declares one.
    private const long UnusedLimit = 60_000;

    /// <inheritdoc/>
    public string Name => "RabbitMQ";

    /// <inheritdoc/>
    public async Task<IBrokerConnection> ConnectAsync(BrokerSubscription subscription, CancellationToken cancellationToken)
    {
        var rented = connections.Rent(options);
        var opening = OpenAsync(rented, subscription, cancellationToken);
        try
        {
            return await opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = DiscardAsync(opening, rented);
            throw;
        }
    }

    // The client library does not end a request that is cancelled: the broker replies, ConnectTimeout passes, or the connection ends.
    private static async Task DiscardAsync(Task<RabbitMqSubscription> opening, RentedClient<SharedConnection> rented)
    {
        rented.Dispose();
        try
        {
            await (await opening.ConfigureAwait(false)).DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            await rented.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<RabbitMqSubscription> OpenAsync(
        RentedClient<SharedConnection> rented, BrokerSubscription subscription, CancellationToken cancellationToken)
    {
        RabbitMqSubscription? opened = null;
        try
        {
            var name = QueueName(subscription);
            var open = await rented.Client.GetAsync(name, cancellationToken).ConfigureAwait(false);
            var exchange = options.Exchange ?? $"nearcache.{subscription.Namespace}";
            var channel = await open.Connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true),
                CancellationToken.None).ConfigureAwait(false);
            opened = new RabbitMqSubscription(rented, open, channel, exchange, subscription.Receive);
            cancellationToken.ThrowIfCancellationRequested();
            await DeclareAsync(channel, exchange, name).ConfigureAwait(false);
            await opened.ConsumeAsync(name, Prefetch).ConfigureAwait(false);
            return opened;
        }
        catch (Exception e)
        {
            if (opened is not null)
            {
                await opened.DisposeAsync().ConfigureAwait(false);
            }
            else
            {
                await rented.DisposeAsync().ConfigureAwait(false);
            }

            cancellationToken.ThrowIfCancellationRequested();
            var nodes = string.Join(", ", options.Hosts);
            throw e switch
            {
                RabbitMqException => e,
                OperationInterruptedException { ShutdownReason: { } reason } => new RabbitMqException(
                    $"RabbitMQ at {nodes} refused the virtual host \"{options.VirtualHost}\", or the queue or the exchange of the "
                        + $"namespace \"{subscription.Namespace}\" (VirtualHost, Exchange, DeclareExchange, permissions of the user "
                        + $"\"{options.UserName}\"): {reason.ReplyCode} {reason.ReplyText}",
                    e),
                _ => new RabbitMqException($"RabbitMQ at {nodes} opened no channel: {SharedConnection.Reason(e)}", e),
            };
        }
    }

    private async Task DeclareAsync(IChannel channel, string exchange, string queue)
    {
        if (options.DeclareExchange)
        {
            await channel.ExchangeDeclareAsync(
                exchange, ExchangeType.Fanout, durable: false, autoDelete: true, cancellationToken: CancellationToken.None)
                .ConfigureAwait(false);
        }

        var arguments = new Dictionary<string, object?>
        {
            ["x-max-length"] = options.QueueLength,
            ["x-max-length-bytes"] = MaxQueueBytes,
            ["x-overflow"] = "drop-head",
            ["x-message-ttl"] = (long)options.MessageLifetime.TotalMilliseconds,
            ["x-expires"] = UnusedLimit,
        };
        await channel.QueueDeclareAsync(
            queue, durable: false, exclusive: true, autoDelete: true, arguments, cancellationToken: CancellationToken.None)
            .ConfigureAwait(false);
        await channel.QueueBindAsync(queue, exchange, routingKey: "", cancellationToken: CancellationToken.None).ConfigureAwait(false);
    }

    // Tells an operator which process a queue and a connection belong to.
    private static string QueueName(BrokerSubscription subscription)
    {
        var host = new string([.. Environment.MachineName.Where(char.IsAscii).Take(63)]);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"nearcache.{subscription.Namespace}.{host}.{Environment.ProcessId}.{Guid.NewGuid().ToString("N")[..8]}");
    }
}
