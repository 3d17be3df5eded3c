using NearCache.Brokers;
using NearCache.Remote;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace NearCache.RabbitMq;

/// <summary>The channel of one cache: publishes with confirmations, and consumes the queue of the process.</summary>
/// <remarks>
/// Messages are acknowledged after they were applied, so that the broker sends no more than the prefetch to a process that stands still:
/// every twentieth with those before it, since a broker takes part of a processor for each. The broker keeps the rest until then.
/// </remarks>
internal sealed class RabbitMqSubscription : AsyncDefaultBasicConsumer, IBrokerConnection
{
    private static readonly BasicProperties Transient = new() { DeliveryMode = DeliveryModes.Transient };

    // At the rate of probes, less than a minute: a broker closes a channel whose oldest message waits longer than its limit, 30 minutes.
    private const int AcknowledgeAfter = 20;

    private readonly RentedClient<SharedConnection> _rented;
    private readonly OpenConnection _open;
    private readonly string _exchange;
    private readonly Action<ReadOnlyMemory<byte>> _receive;
    private readonly TaskCompletionSource<string> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _messages;
    private long _bytesSent;
    private long _bytesReceived;
    private int _unacknowledged;   // accessed by the dispatcher of the channel
    private int _isDisposed;

    /// <param name="rented">The use of the connection, returned with this object.</param>
    /// <param name="open">The connection.</param>
    /// <param name="channel">The channel, disposed with this object.</param>
    /// <param name="exchange">The exchange to publish to.</param>
    /// <param name="receive">Receives each message.</param>
    public RabbitMqSubscription(
        RentedClient<SharedConnection> rented, OpenConnection open, IChannel channel, string exchange, Action<ReadOnlyMemory<byte>> receive)
        : base(channel)
    {
        (_rented, _open, _exchange, _receive) = (rented, open, exchange, receive);
        channel.ChannelShutdownAsync += OnShutdownAsync;
        if (!channel.IsOpen)
        {
            _ended.TrySetResult("the connection was closed while it was opened");
        }
    }

    /// <inheritdoc/>
    public Task<string> Ended => _ended.Task;

    /// <inheritdoc/>
    public string? Blocked => _open.Blocked;

    /// <inheritdoc/>
    public BrokerConnectionInfo Info => new(
        _open.Connection.Endpoint.ToString(),
        _open.Local,
        _open.Remote,
        _open.OpenedAt,
        Interlocked.Read(ref _messages),
        Interlocked.Read(ref _bytesSent),
        Interlocked.Read(ref _bytesReceived));

    /// <summary>Starts to receive.</summary>
    public async Task ConsumeAsync(string queue, ushort prefetch)
    {
        await Channel.BasicQosAsync(0, prefetch, global: false, CancellationToken.None).ConfigureAwait(false);
        await Channel.BasicConsumeAsync(queue, autoAck: false, this, CancellationToken.None).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task PublishAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _messages);
        Interlocked.Add(ref _bytesSent, message.Length);
        await Channel.BasicPublishAsync(_exchange, routingKey: "", mandatory: false, Transient, message, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override async Task HandleBasicDeliverAsync(
        string consumerTag,
        ulong deliveryTag,
        bool redelivered,
        string exchange,
        string routingKey,
        IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _messages);
        Interlocked.Add(ref _bytesReceived, body.Length);
        _receive(body);
        if (++_unacknowledged < AcknowledgeAfter)
        {
            return;
        }

        _unacknowledged = 0;
        try
        {
            await Channel.BasicAckAsync(deliveryTag, multiple: true, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AlreadyClosedException or OperationInterruptedException or OperationCanceledException
            or ObjectDisposedException or IOException)
        {
            // The channel has ended, and its queue with it.
        }
    }

    /// <summary>The broker cancels the consumer when the queue is deleted.</summary>
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _ended.TrySetResult("the queue of this process was deleted");
        return base.HandleBasicCancelAsync(consumerTag, cancellationToken);
    }

    /// <summary>Closes the socket at once, and waits for nothing.</summary>
    public void Dispose() => _rented.Dispose();

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        Channel.ChannelShutdownAsync -= OnShutdownAsync;
        if (_rented.IsUsedByOthers)
        {
            // Without other users it ends with the connection.
            await LimitedClose.RunAsync(
                async limit =>
                {
                    await Channel.AbortAsync(limit).ConfigureAwait(false);
                    await Channel.DisposeAsync().ConfigureAwait(false);
                },
                TimeProvider.System).ConfigureAwait(false);
        }

        await _rented.DisposeAsync().ConfigureAwait(false);
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        _ended.TrySetResult($"the connection to {_open.Connection.Endpoint} has ended: {reason.ReplyCode} {reason.ReplyText}"
            + (reason.ReplyCode == Constants.AccessRefused ? " (permissions of the user, Exchange)" : ""));
        return Task.CompletedTask;
    }
}
