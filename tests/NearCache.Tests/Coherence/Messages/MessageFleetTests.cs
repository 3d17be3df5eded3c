using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NearCache.Coherence.Core;
using NearCache.Coherence.Messages.Core;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.Tests.Coherence.Identity;

namespace NearCache.Tests.Coherence.Messages;

/// <summary>Caches that announce through a broker, on a manual clock and one server.</summary>
public sealed class MessageFleetTests : IAsyncDisposable
{
    private const string Key = "product:1";
    private const string ServerName = "cache-1";

    private readonly ManualTime _time = new();
    private readonly LogRecorder _log = new(Microsoft.Extensions.Logging.LogLevel.Information);
    private readonly List<NearCacheClient> _caches = [];
    private readonly EmbeddedServer _server;
    private readonly FakeBroker _broker = new();

    public MessageFleetTests() => _server = new EmbeddedServer(_time);

    public async ValueTask DisposeAsync()
    {
        var ended = Task.WhenAll(_caches.Select(cache => cache.DisposeAsync().AsTask()));
        await TurnUntilAsync(() => ended.IsCompleted);
        await ended;
        _log.Dispose();
    }

    [Fact]
    public async Task A_change_is_heard_by_another_process_before_the_clock_moves()
    {
        var (writer, reader) = await FleetAsync();
        Assert.Equal(CacheSource.Near, (await reader.GetAsync<string>(Key)).Source);
        await writer.SetAsync(Key, "new");

        // No message was under way, so the thread of the write has published this one, and the broker delivers on that thread.
        var read = await reader.GetAsync<string>(Key);
        Assert.Equal((CacheSource.Remote, "new"), (read.Source, read.Value));
        Assert.Equal(2, Carrier(reader).Members);
    }

    [Fact]
    public async Task A_message_carries_nothing_of_the_context_of_the_call_that_announces()
    {
        var (writer, _) = await FleetAsync();
        var ofRequest = new AsyncLocal<string?>();
        var seen = new ConcurrentQueue<string?>();
        _broker.OnPublish = () => seen.Enqueue(ofRequest.Value ?? Activity.Current?.OperationName);
        using var activity = new Activity("request").Start();
        ofRequest.Value = "request";
        await writer.SetAsync(Key, "new");
        _broker.OnPublish = null;
        Assert.NotEmpty(seen);
        Assert.All(seen, context => Assert.Equal("nearcache.background", context));
    }

    [Fact]
    public async Task What_a_blocked_broker_delays_leaves_together_when_it_accepts_messages_again()
    {
        var (writer, reader) = await FleetAsync();
        _broker.Blocked = "disk alarm";
        var before = _broker.Published.Count;
        for (var change = 0; change < 20; change++)
        {
            await writer.SetAsync($"product:{change}", "new");
        }

        Assert.Equal((before, 20), (_broker.Published.Count, Carrier(writer).Waiting));
        _broker.Blocked = null;
        await TurnUntilAsync(() => Carrier(writer).Waiting == 0);
        await NearAsync(reader);
        Assert.Single(_broker.Published.Skip(before), message => message.Length > 200);
    }

    [Fact]
    public async Task While_the_broker_delivers_an_audit_waits_for_messages_and_reads_no_log()
    {
        var (writer, reader) = await FleetAsync();
        for (var change = 0; change < 20; change++)
        {
            await writer.SetAsync(Key, $"{change}");
            await TurnAsync(TimeSpan.FromMilliseconds(500));
        }

        await TurnAsync(TimeSpan.FromSeconds(3));
        await NearAsync(reader);
        Assert.True((await reader.WhyAsync(Key)).Writes.All(write => write.HeardBy != WriteHeardBy.LogRecord));
    }

    [Theory]
    [InlineData(Loss.Silent)]
    [InlineData(Loss.Blocked)]
    [InlineData(Loss.Dropped)]
    public async Task Without_the_broker_audits_find_the_change_and_it_delivers_again_by_itself(Loss loss)
    {
        var (writer, reader) = await FleetAsync();
        Lose(loss);
        await TurnUntilAsync(() => !Carrier(writer).IsDelivering && !Carrier(reader).IsDelivering);
        var details = await new NearCacheDetailedHealthCheck(reader).CheckHealthAsync(new HealthCheckContext());
        Assert.Equal(HealthStatus.Degraded, details.Status);
        Assert.Contains("Fake does not deliver announcements", details.Description, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Healthy, (await new NearCacheHealthCheck(reader).CheckHealthAsync(new HealthCheckContext())).Status);

        await NearAsync(reader);
        await writer.SetAsync(Key, "unheard");
        var took = await TurnUntilAsync(() => reader.GetAsync<string>(Key).AsTask().Result.Value == "unheard");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(2));

        (_broker.IsAway, _broker.LosesMessages, _broker.Blocked) = (false, false, null);
        var back = await TurnUntilAsync(() => Carrier(writer).IsDelivering && Carrier(reader).IsDelivering);
        Assert.InRange(back, TimeSpan.Zero, TimeSpan.FromSeconds(7));
        await Eventually.BecomesTrueAsync(() => _log.Of(1860).Length >= 2, "both log that it is away");
        await NearAsync(reader);
        await writer.SetAsync(Key, "heard");
        await Eventually.BecomesTrueAsync(async () => (await reader.GetAsync<string>(Key)).Value == "heard", "the change is heard");
    }

    [Fact]
    public async Task A_broker_that_is_away_is_tried_after_increasing_delays_and_the_log_stays_short()
    {
        _broker.IsAway = true;
        _ = Join();
        await TurnAsync(TimeSpan.FromMinutes(2));
        Assert.InRange(_broker.Attempts, 15, 40);
        Assert.Contains("nothing listens", Assert.Single(_log.Of(1860)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_that_ends_again_at_once_is_replaced_after_increasing_delays_also_if_it_has_delivered()
    {
        var (writer, _) = await FleetAsync();
        var before = _broker.Attempts;
        for (var second = 0; second < 60; second++)
        {
            await TurnAsync(TimeSpan.FromSeconds(1));
            _broker.Drop();
        }

        Assert.InRange(_broker.Attempts - before, 20, 60);

        // One that lasts ends the delays.
        await TurnUntilAsync(() => Carrier(writer).IsDelivering);
        await TurnAsync(TimeSpan.FromSeconds(10));
        var connects = Carrier(writer).Connects;
        _broker.Drop();
        Assert.InRange(
            await TurnUntilAsync(() => Carrier(writer).Connects == connects + 1), TimeSpan.Zero, TimeSpan.FromMilliseconds(500));
    }

    [Fact]
    public async Task The_probes_of_a_fleet_are_read_however_small_the_budget_is()
    {
        var cache = Join(budget: 1);
        await TurnUntilAsync(() => Carrier(cache).IsDelivering);
        for (var second = 0L; second < 10; second++)
        {
            for (var sender = 1ul; sender <= 63; sender++)
            {
                _broker.Publish(
                    new AnnouncementMessage { Sender = sender, Number = second }.Encode(new Dictionary<ulong, string>()));
            }

            await TurnAsync(TimeSpan.FromSeconds(1));
        }

        Assert.Equal((0, true), (Carrier(cache).Shed, Carrier(cache).IsDelivering));
    }

    [Fact]
    public async Task Messages_that_come_twice_change_nothing()
    {
        var (writer, reader) = await FleetAsync();
        _broker.DeliversTwice = true;
        await writer.SetAsync(Key, "new");
        await Eventually.BecomesTrueAsync(async () => (await reader.GetAsync<string>(Key)).Value == "new", "the change is heard");
        await NearAsync(reader);
        await TurnAsync(TimeSpan.FromSeconds(3));
        Assert.Equal(CacheSource.Near, (await reader.GetAsync<string>(Key)).Source);
    }

    [Fact]
    public async Task An_old_message_that_is_published_again_drops_nothing()
    {
        var (writer, reader) = await FleetAsync();
        await writer.SetAsync(Key, "new");
        await HeardAsync(reader, writes: 2);
        await NearAsync(reader);
        foreach (var message in _broker.Published.ToArray())
        {
            _broker.Publish(message);
        }

        Assert.Equal(CacheSource.Near, (await reader.GetAsync<string>(Key)).Source);
    }

    [Fact]
    public async Task A_forged_message_drops_its_keys_and_explains_nothing()
    {
        var (writer, reader) = await FleetAsync();
        var total = await TotalAsync();
        await NearAsync(reader);

        // It claims that the next write is that of another key, as a program may that cannot read the memcached server.
        var hash = KeyHash.Of(Encoding.UTF8.GetBytes(ServerName)).Value;
        var forged = new AnnouncementMessage
        {
            Sender = 99,
            Number = 1,
            Members = 9_999,
            Announcements =
            [
                new Announcement
                {
                    Server = hash,
                    Segment = 0,
                    Key = Encoding.UTF8.GetBytes("product:2"),
                    Versions = [new MutationVersion(total + 1, 0)],
                },
            ],
        };
        _broker.Publish(forged.Encode(new Dictionary<ulong, string> { [hash] = new string('0', 32) }));
        Assert.Equal(CacheSource.Near, (await reader.GetAsync<string>(Key)).Source);

        // So a write that no message announces is found by the audits.
        _broker.LosesMessages = true;
        await writer.SetAsync(Key, "newer");
        var took = await TurnUntilAsync(() => reader.GetAsync<string>(Key).AsTask().Result.Value == "newer");
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.True(Carrier(reader).WithoutSignature > 0);
        Assert.InRange(Carrier(reader).Members, 2, 2);
        Assert.NotEmpty(_log.Of(1862));

        // An unsigned announcement of a key drops it.
        _broker.LosesMessages = false;
        await NearAsync(reader);
        _broker.Publish(new AnnouncementMessage
        {
            Sender = 99,
            Number = 2,
            Announcements = [new Announcement { Server = hash, Segment = 1, Key = Encoding.UTF8.GetBytes(Key) }],
        }.Encode(new Dictionary<ulong, string>()));
        Assert.Equal(CacheSource.Remote, (await reader.GetAsync<string>(Key)).Source);
    }

    [Fact]
    public async Task A_probe_without_a_signature_says_nothing_and_is_not_reported()
    {
        var (_, reader) = await FleetAsync();
        await NearAsync(reader);
        var (unsigned, logged) = (Carrier(reader).WithoutSignature, _log.Of(1862).Length);

        // As a process sends it that has read no identity of a server yet.
        _broker.Publish(new AnnouncementMessage { Sender = 99, Number = 1, Members = 50 }.Encode(new Dictionary<ulong, string>()));

        Assert.Equal((unsigned, logged), (Carrier(reader).WithoutSignature, _log.Of(1862).Length));
        Assert.Equal(2, Carrier(reader).Members);
        Assert.Equal(CacheSource.Near, (await reader.GetAsync<string>(Key)).Source);
    }

    [Fact]
    public async Task A_flood_of_garbage_is_shed_and_changes_nothing()
    {
        var (writer, reader) = await FleetAsync();
        await NearAsync(reader);
        var random = new Random(1);
        for (var message = 0; message < 10_000; message++)
        {
            var garbage = new byte[random.Next(0, 200)];
            random.NextBytes(garbage);
            _broker.Publish(garbage);
        }

        Assert.InRange(Carrier(reader).Shed, 7_000, 9_000);
        Assert.InRange(Carrier(reader).Unreadable, 1_000, 2_500);
        Assert.Equal(2, _log.Of(1863).Length);
        Assert.Equal(CacheSource.Near, (await reader.GetAsync<string>(Key)).Source);
        await TurnAsync(TimeSpan.FromSeconds(3));
        await NearAsync(reader);
        await writer.SetAsync(Key, "new");
        await Eventually.BecomesTrueAsync(async () => (await reader.GetAsync<string>(Key)).Value == "new", "the change is heard");
    }

    [Fact]
    public async Task Announcements_that_wait_leave_before_a_cache_ends()
    {
        var (writer, reader) = await FleetAsync();
        for (var change = 0; change < 10; change++)
        {
            await writer.SetAsync(Key, $"{change}");
        }

        var ended = writer.DisposeAsync().AsTask();
        await TurnUntilAsync(() => ended.IsCompleted);
        _caches.Remove(writer);
        await ended;
        Assert.Equal("9", (await reader.GetAsync<string>(Key)).Value);
        Assert.Equal(0, Carrier(reader).Waiting);
    }

    [Fact]
    public async Task A_connection_that_stays_open_and_delivers_nothing_is_replaced()
    {
        var (writer, reader) = await FleetAsync();
        _broker.Unbind();
        await TurnUntilAsync(() => !Carrier(writer).IsDelivering && !Carrier(reader).IsDelivering);
        await TurnUntilAsync(() => Carrier(writer).IsDelivering && Carrier(reader).IsDelivering);
        Assert.Equal(2, _broker.Connections);

        // A broker that blocks is not left: it is known to deliver nothing.
        var before = _broker.Attempts;
        _broker.Blocked = "disk alarm";
        await TurnAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(before, _broker.Attempts);
        _broker.Blocked = null;
        await TurnUntilAsync(() => Carrier(writer).IsDelivering && Carrier(reader).IsDelivering);
        Assert.Equal(before, _broker.Attempts);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_broken_connection_is_replaced_by_one(bool failsToClose)
    {
        _broker.FailsToClose = failsToClose;
        _ = await FleetAsync();
        for (var time = 0; time < 5; time++)
        {
            var before = _caches.Sum(cache => Carrier(cache).Connects);
            _broker.Drop();
            await TurnUntilAsync(
                () => _caches.Sum(cache => Carrier(cache).Connects) == before + 2 && _caches.All(cache => Carrier(cache).IsDelivering));
            Assert.Equal(2, _broker.Connections);
        }
    }

    private static CarrierSnapshot Carrier(NearCacheClient cache) => Assert.Single(cache.Snapshot().Carriers);

    private void Lose(Loss loss)
    {
        switch (loss)
        {
            case Loss.Silent:
                _broker.LosesMessages = true;
                break;
            case Loss.Blocked:
                _broker.Blocked = "disk alarm";
                break;
            default:
                _broker.IsAway = true;
                _broker.Drop();
                break;
        }
    }

    private NearCacheClient Join(double budget = 1_000)
    {
        var options = new NearCacheOptions { KeyPrefix = "", Rules = { new RuleOptions { Name = "products", Match = "product:*" } } };

        // The settings need a server, in whose place the name stands.
        options.Memcached.Servers.Add("127.0.0.1:1");
        options.Brokers.Add(_broker.ForProcess());
        options.Budgets.MessagesPerNamespace = budget;
        options.Budgets.MessagesPerProcess = Math.Min(budget, 100);
        var cache = new NearCacheClient(
            options, new NamesRemote(new NamesRemote.Name(ServerName, _server)), _log, timeProvider: _time);
        _caches.Add(cache);
        return cache;
    }

    private async Task<(NearCacheClient Writer, NearCacheClient Reader)> FleetAsync()
    {
        var (writer, reader) = (Join(), Join());
        await TurnUntilAsync(() => _caches.All(
            cache => cache.Snapshot().Servers[0].IsServedNear && Carrier(cache) is { IsDelivering: true, Members: 2 }));
        await writer.SetAsync(Key, "old");
        await HeardAsync(reader, writes: 1);
        await NearAsync(writer);
        await NearAsync(reader);
        return (writer, reader);
    }

    private async Task NearAsync(NearCacheClient cache) =>
        await TurnUntilAsync(() => cache.GetAsync<string>(Key).AsTask().Result.Source == CacheSource.Near);

    // What a process hears later would drop what it keeps near by then. The log records, which name the writes, take a moment.
    private async Task HeardAsync(NearCacheClient cache, int writes) => await TurnUntilAsync(
        () => cache.WhyAsync(Key).Result.Writes is var known && known.Count == writes && known.All(write => write.HeardBy is not null));

    private async Task<long> TotalAsync()
    {
        var item = await _server.ExecuteAsync(MetaCommand.Get("~nc:1:default:total"u8.ToArray()), CancellationToken.None);
        return long.Parse(Encoding.ASCII.GetString(item.Value.Span), System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<TimeSpan> TurnUntilAsync(Func<bool> condition)
    {
        var turned = TimeSpan.Zero;
        while (!condition())
        {
            Assert.True(turned < TimeSpan.FromMinutes(2), "Nothing happened in two minutes of manual time.");
            turned += await TurnAsync(TimeSpan.FromMilliseconds(250));
        }

        return turned;
    }

    private async Task<TimeSpan> TurnAsync(TimeSpan by)
    {
        var step = TimeSpan.FromMilliseconds(250);
        for (var turned = TimeSpan.Zero; turned < by; turned += step)
        {
            _time.Advance(step < by ? step : by);

            await PoolTurns.PassAsync();
        }

        return by;
    }

    public enum Loss
    {
        Silent,
        Blocked,
        Dropped,
    }
}
