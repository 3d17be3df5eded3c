using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper.Tests.Sessions;

namespace NearCache.ZooKeeper.Tests.Diagnostics;

public sealed class DiagnosticsTests
{
    [Fact]
    public async Task The_meter_tells_what_happened_and_never_a_path()
    {
        using var meters = new Meters();
        using var listener = new MeterListener();
        var measured = new ConcurrentQueue<(string Name, double Value, string Tags)>();
        listener.InstrumentPublished = (instrument, it) =>
        {
            if (meters.Made.Contains(instrument.Meter))
            {
                it.EnableMeasurementEvents(instrument);
            }
        };
        void Note<T>(Instrument instrument, T value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? state) =>
            measured.Enqueue((instrument.Name, Convert.ToDouble(value, null), string.Join(',', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
        listener.SetMeasurementEventCallback<long>(Note);
        listener.SetMeasurementEventCallback<int>(Note);
        listener.SetMeasurementEventCallback<double>(Note);
        listener.Start();
        await using var server = FakeZooKeeper.Start();
        await using var client = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = server.ConnectionString, RenewSession = true }, meterFactory: meters);

        await client.CreateAsync("/secret", null);
        await client.GetDataAsync("/secret", _ => { });
        await client.SetDataAsync("/secret", null);
        await Assert.ThrowsAsync<NoNodeException>(() => client.GetDataAsync("/secret/none").AsTask());
        await client.ExistsAsync("/secret/watched", _ => { });
        listener.RecordObservableInstruments();
        server.ExpireSession(client.SessionId);
        await Eventually.BecomesTrueAsync(() => measured.Count(m => m is { Name: "zookeeper.client.session.openings", Tags: "kind=made" }) == 2, "a new session");

        Assert.Contains(measured, m => m is { Name: "zookeeper.client.operation.duration", Tags: "operation=create,outcome=ok" });
        Assert.Contains(measured, m => m is { Name: "zookeeper.client.operation.duration", Tags: "operation=get_data,outcome=error" });
        Assert.Contains(measured, m => m is { Name: "zookeeper.client.connection.attempts", Tags: "outcome=ok" });
        Assert.Contains(measured, m => m is { Name: "zookeeper.client.connection.losses", Tags: "reason=closed" });
        Assert.Contains(measured, m => m is { Name: "zookeeper.client.session.expirations", Value: 1 });
        Assert.Contains(measured, m => m is { Name: "zookeeper.client.watch.notifications", Value: 1 });
        Assert.Contains(measured, m => m is { Name: "zookeeper.client.watch.count", Value: 1 });
        Assert.Contains(measured, m => m is { Name: "zookeeper.client.connected", Value: 1 });
        Assert.DoesNotContain(measured, m => m.Tags.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_log_tells_the_life_of_a_session()
    {
        using var logs = new Logs();
        await using var server = FakeZooKeeper.Start();
        await using (var client = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = server.ConnectionString, RenewSession = true }, logs))
        {
            await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(Clients.Patience);
            await client.ExistsAsync("/a", _ => throw new InvalidOperationException("a handler's mistake"));
            await client.CreateAsync("/a", null);
            server.DropConnections();
            await Eventually.BecomesTrueAsync(() => logs.Ids.Contains(3101), "resumed");
            server.ExpireSession(client.SessionId);
            await Eventually.BecomesTrueAsync(() => logs.Ids.Count(id => id == 3100) == 2, "made again");
        }

        Assert.Superset(new HashSet<int> { 3000, 3002, 3100, 3101, 3102, 3104, 3200 }, logs.Ids.ToHashSet());
    }

    private sealed class Meters : IMeterFactory
    {
        public List<Meter> Made { get; } = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options);
            Made.Add(meter);
            return meter;
        }

        public void Dispose() => Made.ForEach(meter => meter.Dispose());
    }

    private sealed class Logs : ILoggerFactory, ILogger
    {
        public ConcurrentQueue<int> Ids { get; } = new();

        public ILogger CreateLogger(string categoryName)
        {
            Assert.Equal("NearCache.ZooKeeper", categoryName);
            return this;
        }

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Ids.Enqueue(eventId.Id);

        public void Dispose()
        {
        }
    }
}
