using System.Globalization;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Memcached.Tests.Diagnostics;

public sealed class MetricsTests : IAsyncDisposable
{
    private const string Key = "secret-key";
    private const string Operations = "nearcache.memcached.operations";
    private const string Duration = "db.client.operation.duration";
    private const string Failures = "nearcache.memcached.failures";
    private readonly FakeMemcached _server = FakeMemcached.Start();
    private readonly MeterRecorder _meters = new();
    private readonly byte[] _value = new byte[100];

    public async ValueTask DisposeAsync()
    {
        Assert.DoesNotContain(_meters.All(), measured => measured.Tags.Any(tag => tag.Contains(Key, StringComparison.Ordinal)));
        _meters.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Answers_are_counted_by_command_and_outcome()
    {
        await using var client = Connect();

        await client.GetAsync(Key);
        await client.SetAsync(Key, _value);
        await client.GetAsync(Key);
        await client.AddAsync(Key, _value);
        await client.CompareAndSetAsync(Key, _value, cas: 12345);
        await client.DeleteAsync(Key);
        await client.DeleteAsync(Key);
        await client.IncrementAsync(Key + "-number", initial: 1);
        await client.GetManyAsync([Key, Key + "-number"]);
        await client.ExecuteAsync(MetaCommand.Set(System.Text.Encoding.ASCII.GetBytes(Key), new byte[_server.MaxValueBytes + 1]));
        await client.Servers[0].GetVersionAsync();

        Assert.Equal(2, Sum("get", "hit"));
        Assert.Equal(2, Sum("get", "miss"));
        Assert.Equal(1, Sum("set", "ok"));
        Assert.Equal(1, Sum("set", "not_stored"));
        Assert.Equal(1, Sum("set", "exists"));
        Assert.Equal(1, Sum("set", "error"));
        Assert.Equal(1, Sum("delete", "ok"));
        Assert.Equal(1, Sum("delete", "not_found"));
        Assert.Equal(1, Sum("arithmetic", "ok"));
        Assert.Equal(1, Sum("version", "ok"));
        Assert.Equal(12, _meters.Sum(Operations));
        Assert.Equal(0, _meters.Count(Failures));
    }

    [Fact]
    public async Task Durations_are_named_and_tagged_as_OpenTelemetry_has_it()
    {
        await using var client = Connect();

        await client.SetAsync(Key, _value);
        await client.GetManyAsync([Key, "other"]);
        await client.ExecuteAsync(MetaCommand.Set(System.Text.Encoding.ASCII.GetBytes(Key), new byte[_server.MaxValueBytes + 1]));
        await client.Servers[0].GetVersionAsync();

        string[] where =
        [
            "db.system.name=memcached",
            "server.address=127.0.0.1",
            string.Create(CultureInfo.InvariantCulture, $"server.port={_server.Port}"),
        ];
        var durations = _meters.All().Where(measured => measured.Instrument == Duration).ToArray();
        Assert.Equal("s", Assert.Single(_meters.Instruments, instrument => instrument.Name == Duration).Unit);
        Assert.All(durations, duration => Assert.True(duration.Has(where)));
        Assert.All(durations, duration => Assert.InRange(duration.Value, 0, 60));
        Assert.Equal(
            ["set", "BATCH get", "set server_error", "version"],
            durations.Select(
                duration => string.Join(
                    ' ', duration.Tags.Except(where).Order().Select(tag => tag[(tag.IndexOf('=', StringComparison.Ordinal) + 1)..]))));
    }

    [Fact]
    public async Task Bytes_are_those_that_the_connection_sent_and_received()
    {
        await using var client = Connect();

        await client.SetAsync(Key, _value);
        await client.GetAsync(Key);

        var connection = Assert.Single(client.Servers[0].Connections);
        Assert.Equal(connection.BytesSent, _meters.Sum("nearcache.memcached.io", "network.io.direction=transmit"));
        Assert.Equal(connection.BytesReceived, _meters.Sum("nearcache.memcached.io", "network.io.direction=receive"));
        Assert.True(connection.BytesReceived > 100);
    }

    [Fact]
    public async Task What_waits_for_its_answer_is_in_flight()
    {
        await using var client = Connect();
        await client.SetAsync(Key, _value);
        Assert.Equal(0, _meters.Sum("nearcache.memcached.in_flight"));

        _server.HoldReplies();
        var calls = Enumerable.Range(0, 7).Select(_ => client.GetAsync(Key).AsTask()).ToArray();
        Assert.Equal(7, _meters.Sum("nearcache.memcached.in_flight"));
        _server.ReleaseReplies();
        await Task.WhenAll(calls);

        Assert.Equal(0, _meters.Sum("nearcache.memcached.in_flight"));
    }

    [Fact]
    public async Task Connections_are_counted_from_their_making_to_their_end_and_servers_tell_their_state()
    {
        await using (var client = Connect())
        {
            Assert.Equal(1, State("unused"));
            await client.SetAsync(Key, _value);
            Assert.Equal(1, _meters.Sum("nearcache.memcached.connections"));
            Assert.Equal(1, State("up"));
            Assert.Equal(0, State("down"));

            _server.Kill();
            await Eventually.BecomesTrueAsync(
                () => State("down") == 1 && _meters.Count("nearcache.memcached.connections.failed", "reason=connect") > 0,
                "an attempt failed");
            Assert.Equal(0, _meters.Sum("nearcache.memcached.connections"));
            Assert.Equal(1, _meters.Sum("nearcache.memcached.connections.closed", "reason=lost"));
            Assert.Equal(0, _meters.Sum("nearcache.memcached.connections.reconnects"));

            _server.Restart();
            await Eventually.BecomesTrueAsync(() => State("up") == 1, "up again");
            Assert.Equal(1, _meters.Sum("nearcache.memcached.connections.reconnects"));
            Assert.Equal(2, _meters.Sum("nearcache.memcached.connections.opened"));
        }

        Assert.Equal(1, _meters.Sum("nearcache.memcached.connections.closed", "reason=closed"));
        Assert.Equal(0, _meters.Count("nearcache.memcached.connections"));
        Assert.Equal(0, _meters.Count("nearcache.memcached.server.state"));
    }

    [Fact]
    public async Task Failures_are_counted_by_what_was_wrong()
    {
        await using var client = Connect(options => options.MaxInFlightCommands = 2, OverloadPolicy.Fail);
        await client.SetAsync(Key, _value);
        _server.HoldReplies();
        using var caller = new CancellationTokenSource();
        var given = client.GetAsync(Key, caller.Token).AsTask();
        var lost = client.DeleteAsync(Key).AsTask();

        await Assert.ThrowsAsync<MemcachedOverloadException>(() => client.GetAsync(Key).AsTask());
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => given);
        _server.Kill();
        await Assert.ThrowsAnyAsync<MemcachedException>(() => lost);
        await Eventually.BecomesTrueAsync(() => State("down") == 1, "down");
        await Assert.ThrowsAsync<MemcachedServerDownException>(() => client.SetManyAsync([new(Key, _value), new("other", _value)]));

        Assert.Equal(1, _meters.Sum(Failures, "db.operation.name=get", "error.type=overload"));
        Assert.Equal(1, _meters.Sum(Failures, "db.operation.name=get", "error.type=canceled"));
        Assert.Equal(1, _meters.Sum(Failures, "db.operation.name=delete", "error.type=lost"));
        Assert.Equal(2, _meters.Sum(Failures, "db.operation.name=BATCH set", "error.type=down"));
        Assert.Equal(1, _meters.Count(Duration, "db.operation.name=delete", "error.type=lost"));
        Assert.Equal(5, _meters.Sum(Failures));
    }

    [Fact]
    public async Task An_answer_that_does_not_come_is_a_timeout_once_and_never_an_answer()
    {
        var time = new ManualTime();
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { _server.Address } }, meterFactory: _meters, timeProvider: time);
        await client.SetAsync(Key, _value);
        _server.HoldReplies();

        var call = client.GetAsync(Key).AsTask();
        await Eventually.BecomesTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(125));
                return call.IsCompleted && _meters.Sum("nearcache.memcached.connections.closed", "reason=silent") == 1;
            },
            "the call has timed out and the silent connection is closed");
        await Assert.ThrowsAsync<MemcachedTimeoutException>(() => call);

        Assert.Equal(1, _meters.Sum(Failures, "db.operation.name=get", "error.type=timeout"));
        Assert.Equal(0, Sum("get", "miss") + Sum("get", "hit"));
    }

    [Fact]
    public async Task Clients_of_one_factory_are_added_up_and_what_they_did_stays()
    {
        await using var client = Connect();
        await client.SetAsync(Key, _value);
        await using (var other = Connect())
        {
            await other.SetAsync(Key, _value);
            Assert.Equal(1, _meters.Count(Operations, "db.operation.name=set"));
            Assert.Equal(2, _meters.Sum(Operations, "db.operation.name=set"));
            Assert.Equal(2, _meters.Sum("nearcache.memcached.connections"));
        }

        Assert.Equal(2, _meters.Sum(Operations, "db.operation.name=set"));
        Assert.Equal(1, _meters.Sum("nearcache.memcached.connections"));
    }

    [Fact]
    public async Task Without_a_listener_no_call_looks_at_the_clock()
    {
        var clock = new CountingTime();
        var options = new MemcachedOptions
        {
            Servers = { _server.Address },
            OperationTimeout = TimeSpan.FromMinutes(1),
            ConnectTimeout = TimeSpan.FromMinutes(1),
        };
        await using var client = new MemcachedClient(options, timeProvider: clock);
        await client.SetAsync(Key, _value);
        var before = clock.Looks;

        for (var i = 0; i < 100; i++)
        {
            await client.GetAsync(Key);
            await client.GetManyAsync([Key, "other"]);
        }

        // What has begun before and what looks after timeouts do so now and then, on a busy machine more often: not once a call of either.
        Assert.InRange(clock.Looks - before, 0, 99);
    }

    private MemcachedClient Connect(Action<MemcachedOptions>? configure = null, OverloadPolicy policy = OverloadPolicy.Wait)
    {
        var options = new MemcachedOptions
        {
            Servers = { _server.Address },
            OverloadPolicy = policy,
            OperationTimeout = TimeSpan.FromMinutes(1),
            ConnectTimeout = TimeSpan.FromMinutes(1),
        };
        configure?.Invoke(options);
        return new MemcachedClient(options, meterFactory: _meters);
    }

    private double Sum(string operation, string outcome) => _meters.Sum(Operations, $"db.operation.name={operation}", $"outcome={outcome}");

    private double State(string state) => _meters.Sum("nearcache.memcached.server.state", $"state={state}");

    private sealed class CountingTime : TimeProvider
    {
        private int _looks;

        public int Looks => Volatile.Read(ref _looks);

        public override long GetTimestamp()
        {
            Interlocked.Increment(ref _looks);
            return base.GetTimestamp();
        }
    }
}
