using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NearCache.Benchmarks.Coherence;
using NearCache.TestSupport.Servers;
using RabbitMQ.Client;

namespace NearCache.Benchmarks.Carriers;

/// <summary>
/// Where the time of a message through RabbitMQ goes: in the client until the socket is written, in the broker, and in the client from the
/// socket to the consumer. Without a cache, and with the settings of <see cref="NearCache.RabbitMq"/>.
/// </summary>
internal static class CarrierStages
{
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(50);

    public static async Task MeasureAsync(Report report, RabbitMqProcess broker)
    {
        long sent = 0, arrived = 0, consumed = 0;
        void Stamp(ref long time) => Interlocked.CompareExchange(ref time, Stopwatch.GetTimestamp(), 0);
        await using var writer = await ConnectAsync(broker, () => Stamp(ref sent), () => { });
        await using var reader = await ConnectAsync(broker, () => { }, () => Stamp(ref arrived));
        await using var publishing = await ConsumeAsync(writer, () => { });
        await using var consuming = await ConsumeAsync(reader, () => Stamp(ref consumed));

        List<double> inPublisher = [], inBroker = [], inConsumer = [], whole = [];
        var message = new byte[100];
        var properties = new BasicProperties { DeliveryMode = DeliveryModes.Transient };
        for (var change = -20; change < (report.IsQuick ? 120 : 900); change++)
        {
            await Task.Delay(Apart, TimeProvider.System);
            sent = arrived = 0;
            Volatile.Write(ref consumed, 0);
            var started = Stopwatch.GetTimestamp();
            var published = publishing.BasicPublishAsync("stages", routingKey: "", mandatory: false, properties, message);
            while (Volatile.Read(ref consumed) == 0)
            {
                Thread.Yield();
            }

            await published;
            if (change >= 0)
            {
                inPublisher.Add(Stopwatch.GetElapsedTime(started, sent).TotalMicroseconds);
                inBroker.Add(Stopwatch.GetElapsedTime(sent, arrived).TotalMicroseconds);
                inConsumer.Add(Stopwatch.GetElapsedTime(arrived, consumed).TotalMicroseconds);
                whole.Add(Stopwatch.GetElapsedTime(started, consumed).TotalMicroseconds);
            }
        }

        foreach (var (stage, took) in new[]
            { ("publish-to-socket", inPublisher), ("broker", inBroker), ("socket-to-consumer", inConsumer), ("whole", whole) })
        {
            report.Figure($"stages/{stage}/p50", "us", Caches.Quantile(took, 0.5));
            report.Figure($"stages/{stage}/p99", "us", Caches.Quantile(took, 0.99));
        }
    }

    private static async Task<IConnection> ConnectAsync(RabbitMqProcess broker, Action written, Action read)
    {
        var factory = new ConnectionFactory
        {
            AutomaticRecoveryEnabled = false,
            SocketFactory = family => new ObservedClient(
                new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }, written, read),
        };
        return await factory.CreateConnectionAsync([new AmqpTcpEndpoint("127.0.0.1", broker.Port)]);
    }

    private static async Task<IChannel> ConsumeAsync(IConnection connection, Action consumed)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        await channel.ExchangeDeclareAsync("stages", ExchangeType.Fanout, durable: false, autoDelete: true);
        var queue = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true);
        await channel.QueueBindAsync(queue.QueueName, "stages", routingKey: "");
        await channel.BasicQosAsync(0, 64, global: false);
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: false, new Consumer(channel, consumed));
        return channel;
    }

    private sealed class Consumer(IChannel channel, Action consumed) : AsyncDefaultBasicConsumer(channel)
    {
        private int _received;

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
            consumed();
            if (++_received % 20 == 0)
            {
                await Channel.BasicAckAsync(deliveryTag, multiple: true, cancellationToken);
            }
        }
    }

    private sealed class ObservedStream(Socket socket, Action written, Action read) : NetworkStream(socket, ownsSocket: true)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            written();
            return base.WriteAsync(buffer, cancellationToken);
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var bytes = await base.ReadAsync(buffer, cancellationToken);
            read();
            return bytes;
        }
    }

    private sealed class ObservedClient(Socket socket, Action written, Action read) : ITcpClient
    {
        private ObservedStream? _stream;

        public bool Connected => socket.Connected;

        public TimeSpan ReceiveTimeout { get; set; }

        public Socket Client => socket;

        public Task ConnectAsync(IPAddress host, int port, CancellationToken cancellationToken = default) =>
            socket.ConnectAsync(host, port, cancellationToken).AsTask();

        public NetworkStream GetStream() => _stream ??= new ObservedStream(socket, written, read);

        public void Close() => Dispose();

        public void Dispose()
        {
            _stream?.Dispose();
            socket.Dispose();
        }
    }
}
