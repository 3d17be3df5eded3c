using System.Diagnostics;
using NearCache.Brokers;
using NearCache.RabbitMq;

namespace NearCache.Benchmarks.Carriers;

/// <summary>The minimum of RabbitMQ: a small message, from publishing to its arrival at another connection, without a cache.</summary>
internal sealed class BareBrokerContestant(string name, string broker) : CarrierLatency.Contestant(name)
{
    private IBrokerConnection? _writer;
    private IBrokerConnection? _reader;
    private int _sent;
    private volatile int _seen;

    public override async Task WarmUpAsync()
    {
        _writer = await ConnectAsync("writer", _ => { });
        _reader = await ConnectAsync("reader", message => _seen = BitConverter.ToInt32(message.Span));
        await OnceAsync("first");
    }

    public override async Task<double> OnceAsync(string value)
    {
        var number = ++_sent;
        var message = new byte[100];
        BitConverter.TryWriteBytes(message, number);
        var started = Stopwatch.GetTimestamp();
        var published = _writer!.PublishAsync(message, CancellationToken.None);
        while (_seen != number)
        {
            Thread.Yield();
        }

        var took = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
        await published;
        return took;
    }

    public override ValueTask<(string? Value, bool IsLocal)> ReadAsync() => default;

    public override async ValueTask DisposeAsync()
    {
        await _writer!.DisposeAsync();
        await _reader!.DisposeAsync();
    }

    protected override Task WriteAsync(string value) => Task.CompletedTask;

    private Task<IBrokerConnection> ConnectAsync(string member, Action<ReadOnlyMemory<byte>> receive) =>
        new RabbitMqBroker(new RabbitMqOptions { Hosts = { broker } }, RabbitMqConnections.New(TimeProvider.System))
            .ConnectAsync(new BrokerSubscription("bare", member, receive), CancellationToken.None);
}
