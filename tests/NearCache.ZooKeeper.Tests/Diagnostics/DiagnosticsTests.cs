using System.Diagnostics;
using Microsoft.Extensions.Logging;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Tests.Sessions;

namespace NearCache.ZooKeeper.Tests.Diagnostics;

public sealed class DiagnosticsTests
{
    private const string Duration = "db.client.operation.duration";

    [Fact]
    public async Task Metrics_count_every_event_and_never_contain_a_path()
    {
        using var meters = new MeterRecorder();
        await using var server = FakeZooKeeper.Start();
        await using var client = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = server.ConnectionString, RenewSession = true }, meterFactory: meters);

        await client.CreateAsync("/secret", null);
        await client.GetDataAsync("/secret", _ => { });
        await client.SetDataAsync("/secret", null);
        await Assert.ThrowsAsync<NoNodeException>(() => client.GetDataAsync("/secret/none").AsTask());
        await client.ExistsAsync("/secret/watched", _ => { });
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.watches"));
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.watches.fired"));
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.connections"));
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.session.state", "state=connected"));
        Assert.Equal(0, meters.Sum("nearcache.zookeeper.session.state", "state=connecting"));
        server.ExpireSession(client.SessionId);
        await Eventually.BecomesTrueAsync(() => meters.Sum("nearcache.zookeeper.sessions.opened", "kind=made") == 2, "a new session");

        (string Operation, string Outcome)[] expected =
            [("create", "ok"), ("get_data", "ok"), ("get_data", "no_node"), ("set_data", "ok"), ("exists", "no_node")];
        foreach (var (operation, outcome) in expected)
        {
            Assert.Equal(1, meters.Sum("nearcache.zookeeper.operations", $"db.operation.name={operation}", $"outcome={outcome}"));
        }

        Assert.Equal(
            1,
            meters.Count(
                Duration, "db.operation.name=get_data", "error.type=no_node", "db.system.name=zookeeper", "server.address=127.0.0.1"));
        Assert.Equal(5, meters.Count(Duration));
        Assert.Equal(
            1,
            meters.All().Count(
                measured => measured.Instrument == Duration
                    && measured.Tags.Any(tag => tag.StartsWith("error.type", StringComparison.Ordinal))));
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.sessions.expired"));
        Assert.True(meters.Sum("nearcache.zookeeper.connections.reconnects") >= 1);
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.connections.closed", "reason=lost"));
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.connections.closed", "reason=expired"));
        Assert.True(meters.Sum("nearcache.zookeeper.io", "network.io.direction=transmit") > 100);
        Assert.True(meters.Sum("nearcache.zookeeper.io", "network.io.direction=receive") > 100);
        Assert.DoesNotContain(meters.All(), measured => measured.Tags.Any(tag => tag.Contains("secret", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Calls_without_a_reply_are_failures_and_clients_of_one_factory_share_the_counters()
    {
        using var meters = new MeterRecorder();
        await using var server = FakeZooKeeper.Start();
        await using var client = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = server.ConnectionString }, meterFactory: meters);
        await using (
            var other = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = server.ConnectionString }, meterFactory: meters))
        {
            await client.CreateAsync("/a", null);
            await other.SetDataAsync("/a", null);
            Assert.Equal(2, meters.Sum("nearcache.zookeeper.connections"));
            using var caller = new CancellationTokenSource();
            var given = other.GetDataAsync("/a", cancellationToken: caller.Token).AsTask();
            await caller.CancelAsync();
            await Record.ExceptionAsync(() => given);
        }

        var answered = meters.Sum("nearcache.zookeeper.operations", "db.operation.name=get_data");
        Assert.Equal(1, answered + meters.Sum("nearcache.zookeeper.failures", "db.operation.name=get_data", "error.type=canceled"));
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.operations", "db.operation.name=set_data"));
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.connections"));
        Assert.Equal(1, meters.Sum("nearcache.zookeeper.connections.closed", "reason=closed"));
        await client.DisposeAsync();
        Assert.Equal(0, meters.Sum("nearcache.zookeeper.connections"));
        Assert.Equal(2, meters.Sum("nearcache.zookeeper.connections.closed", "reason=closed"));
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await client.GetDataAsync("/a"));
    }

    [Fact]
    public async Task Each_call_is_a_client_span_below_the_callers_span_and_contains_no_path()
    {
        await using var server = FakeZooKeeper.Start();
        await using var client = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = server.ConnectionString });
        using var spans = new SpanRecorder(ZooKeeperTraces.SourceName);

        await client.CreateAsync("/secret", null);
        var pending = client.SetDataAsync("/secret", null);
        Assert.Same(spans.Root, Activity.Current);
        await pending;
        await Assert.ThrowsAsync<NoNodeException>(() => client.DeleteAsync("/secret/none").AsTask());

        Assert.Equal(["create", "set_data", "delete"], spans.Ended.Select(span => span.DisplayName));
        Assert.Equal([null, null, "no_node"], spans.Ended.Select(span => span.GetTagItem("error.type")));
        Assert.Equal(ActivityStatusCode.Error, spans.Ended[2].Status);
        Assert.All(spans.Ended, span =>
        {
            Assert.Equal(ActivityKind.Client, span.Kind);
            Assert.Equal(spans.Root.SpanId, span.ParentSpanId);
            Assert.Equal("zookeeper", span.GetTagItem("db.system.name"));
            Assert.Equal(span.DisplayName, span.GetTagItem("db.operation.name"));
            Assert.Equal("127.0.0.1", span.GetTagItem("server.address"));
            Assert.DoesNotContain(span.TagObjects, tag => $"{tag.Value}".Contains("secret", StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task The_log_records_the_lifecycle_of_a_session()
    {
        using var logs = new LogRecorder(LogLevel.Trace);
        await using var server = FakeZooKeeper.Start();
        await using (
            var client = new ZooKeeperClient(
                new ZooKeeperOptions { ConnectionString = server.ConnectionString, RenewSession = true }, logs))
        {
            await client.WaitForStateAsync(ZooKeeperState.Connected).WaitAsync(TestClients.Patience);
            await client.ExistsAsync("/a", _ => throw new InvalidOperationException("a handler's mistake"));
            await client.CreateAsync("/a", null);
            server.DropConnections();
            await Eventually.BecomesTrueAsync(() => logs.Ids.Contains(3101), "resumed");
            server.ExpireSession(client.SessionId);
            await Eventually.BecomesTrueAsync(
                () => logs.Ids.Count(id => id == 3100) == 2 && logs.Ids.Contains(3200),
                "opened again, and the exception of the handler is logged");
        }

        Assert.Superset(new HashSet<int> { 3000, 3002, 3100, 3101, 3102, 3104, 3200 }, logs.Ids.ToHashSet());
        Assert.All(logs.Categories, category => Assert.Equal("NearCache.ZooKeeper", category));
    }
}
