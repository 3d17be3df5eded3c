using System.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NearCache.Memcached.Protocol;
using NearCache.Remote.Embedded;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Coherence.Identity;

/// <summary>Caches whose name of a server leads to one or two servers, on a manual clock and without ZooKeeper.</summary>
public sealed class IdentityFleetTests : IAsyncDisposable
{
    private const string Key = "product:1";
    private const string Item = "~nc:1:default:id";
    private static readonly string[] Counters =
    [
        .. Enumerable.Range(0, 64).Select(segment => $"~nc:1:default:segment:{segment:D2}"),
        .. new[] { "total", "id", "ids", "rules", "prefix" }.Select(item => $"~nc:1:default:{item}"),
    ];

    private readonly ManualTime _time = new();
    private readonly LogRecorder _log = new();
    private readonly List<NearCacheClient> _caches = [];
    private readonly EmbeddedServer _primary;
    private readonly EmbeddedServer _standby;
    private readonly EmbeddedServer _witness;

    public IdentityFleetTests() =>
        (_primary, _standby, _witness) = (new EmbeddedServer(_time), new EmbeddedServer(_time), new EmbeddedServer(_time));

    public async ValueTask DisposeAsync()
    {
        foreach (var cache in _caches)
        {
            await cache.DisposeAsync();
        }

        _log.Dispose();
    }

    [Fact]
    public async Task A_fail_over_of_one_process_is_found_within_a_minute_in_both_and_nothing_is_near_any_more()
    {
        var (one, names) = await JoinAsync();
        var (two, _) = await JoinAsync();
        names[0].MoveTo(_standby);

        var turned = await TurnUntilAsync(() => Conflict(one) is not null && Conflict(two) is not null);

        Assert.InRange(turned, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.Contains("cache-1 is two servers", Conflict(two), StringComparison.Ordinal);
        Assert.Equal(2, _log.Of(1800).Length);
        await AssertNothingIsNearAsync(one, two);
        var details = await new NearCacheDetailedHealthCheck(two).CheckHealthAsync(new HealthCheckContext());
        Assert.Equal(HealthStatus.Degraded, details.Status);
        Assert.Contains("cache-1 is two servers", details.Description, StringComparison.Ordinal);
        Assert.Equal(HealthStatus.Healthy, (await new NearCacheHealthCheck(two).CheckHealthAsync(new HealthCheckContext())).Status);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_primary_that_is_back_after_a_fail_over_has_old_contents_whatever_its_total(int more)
    {
        var (one, names) = await JoinAsync();
        var total = await CounterAsync(_primary);
        names[0].MoveTo(_standby);
        await TurnUntilAsync(() => HasIdentity(_standby) && one.Snapshot().Servers[0].IsServedNear);
        Assert.Empty(_log.Of(1800));
        await SetCounterAsync(_primary, total + more);
        names[0].MoveTo(_primary);

        var turned = await TurnUntilAsync(() => Conflict(one) is not null);

        Assert.InRange(turned, TimeSpan.Zero, TimeSpan.FromSeconds(3));
        await TurnUntilAsync(() => _log.Of(1800).Length > 0);
        Assert.Contains("cache-1 returned with contents of before 2030-01-01 12:0", Assert.Single(_log.Of(1800)), StringComparison.Ordinal);
        Assert.Contains("flush it", Conflict(one), StringComparison.Ordinal);
        await AssertNothingIsNearAsync(one);

        // A process that starts now knows it from the other server.
        var (two, _) = await JoinAsync(isNear: false);
        await TurnUntilAsync(() => Conflict(two) is not null && _log.Of(1800).Length == 2);

        // A flush gives a new identity, and after some minutes without a contradiction the name is served near again.
        await FlushAsync(_primary);
        await TurnUntilAsync(() => Conflict(one) is null && Conflict(two) is null && one.Snapshot().Servers[0].IsServedNear, minutes: 5);
        Assert.Equal(2, _log.Of(1800).Length);
    }

    [Fact]
    public async Task A_snapshot_that_is_restored_shows_a_lower_total()
    {
        var (one, _) = await JoinAsync();
        await SetCounterAsync(_primary, await CounterAsync(_primary) - 1);
        await TurnUntilAsync(() => _log.Of(1800).Length > 0);
        Assert.Contains("returned with contents of before", Assert.Single(_log.Of(1800)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_single_process_finds_a_balancer_by_its_probe_about_once_a_minute()
    {
        var names = new NamesRemote(new NamesRemote.Name("cache-1", _primary));
        var (one, _) = await JoinAsync(names);
        await FillAsync(_standby);
        names[0].Addresses = [_standby];

        var turned = await TurnUntilAsync(() => Conflict(one) is not null);
        Assert.InRange(turned, TimeSpan.Zero, TimeSpan.FromSeconds(75));
        Assert.Contains("cache-1 is two servers", Assert.Single(_log.Of(1800)), StringComparison.Ordinal);
        var probes = names[0].Probes;
        await TurnAsync(TimeSpan.FromMinutes(5));
        Assert.InRange(names[0].Probes - probes, 4, 7);
    }

    // To the audits it is a fail-over and back.
    [Fact]
    public async Task A_balancer_that_is_found_by_connections_that_are_cut_is_reported_once_as_two_servers()
    {
        var (one, names) = await JoinAsync();
        names[0].MoveTo(_standby);
        await TurnUntilAsync(() => HasIdentity(_standby) && one.Snapshot().Servers[0].IsServedNear);
        names[0].Addresses = [_standby];
        names[0].MoveTo(_primary);

        await TurnUntilAsync(() => _log.Of(1800).Length > 0);
        await TurnAsync(TimeSpan.FromSeconds(90));
        Assert.Contains("cache-1 is two servers", Assert.Single(_log.Of(1800)), StringComparison.Ordinal);
        await AssertNothingIsNearAsync(one);
    }

    [Fact]
    public async Task A_second_connection_of_a_process_is_compared_with_the_first()
    {
        await FillAsync(_standby);
        var names = new NamesRemote(new NamesRemote.Name("cache-1", _primary));
        var (one, _) = await JoinAsync(names);
        names[0].ConnectAgain(_primary);
        await TurnAsync(TimeSpan.FromSeconds(50));
        Assert.Null(Conflict(one));

        names[0].ConnectAgain(_standby);
        var turned = await TurnUntilAsync(() => Conflict(one) is not null);
        Assert.InRange(turned, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.Contains("cache-1 is two servers", Assert.Single(_log.Of(1800)), StringComparison.Ordinal);
        await AssertNothingIsNearAsync(one);
    }

    [Fact]
    public async Task Another_identity_with_the_same_counters_voids_what_is_near()
    {
        var (one, names) = await JoinAsync();
        foreach (var key in Counters)
        {
            if (await ReadAsync(_primary, key) is { } value)
            {
                await SetAsync(_standby, key, value);
            }
        }

        await SetAsync(_standby, Item, new string('a', 32) + " 0");
        await TurnUntilAsync(() => one.GetAsync<string>(Key).AsTask().Result.Source == CacheSource.Near);

        names[0].MoveTo(_standby);

        await TurnUntilAsync(() => one.GetAsync<string>(Key).AsTask().Result.Source != CacheSource.Near);
        Assert.False((await one.GetAsync<string>(Key)).HasValue);
        Assert.Empty(_log.Of(1800));
    }

    [Fact]
    public async Task A_balancer_that_is_sticky_by_source_is_found_through_ZooKeeper_within_a_minute()
    {
        await using var zooKeeper = FakeZooKeeper.Start(_time);
        var (one, _) = await JoinAsync(new NamesRemote(new NamesRemote.Name("cache-1", _primary)), zooKeeper: zooKeeper);
        await FillAsync(_standby);
        var (two, _) = await JoinAsync(new NamesRemote(new NamesRemote.Name("cache-1", _standby)), isNear: false, zooKeeper);

        var turned = await TurnUntilAsync(() => Conflict(one) is not null && Conflict(two) is not null, zooKeeper: zooKeeper);
        Assert.InRange(turned, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.Contains("cache-1 is two servers", Conflict(one), StringComparison.Ordinal);
        await AssertNothingIsNearAsync(one, two);
        await EndAsync(zooKeeper);
    }

    [Fact]
    public async Task A_process_with_other_servers_alone_is_noticed_through_ZooKeeper()
    {
        await using var zooKeeper = FakeZooKeeper.Start(_time);
        var (one, _) = await JoinAsync(new NamesRemote(new NamesRemote.Name("cache-1", _primary)), isNear: false, zooKeeper);
        var (two, _) = await JoinAsync(new NamesRemote(new NamesRemote.Name("cache-2", _standby)), isNear: false, zooKeeper);
        await TurnUntilAsync(
            () => one.Snapshot().OtherPlacement is not null && two.Snapshot().OtherPlacement is not null, minutes: 30, zooKeeper);
        Assert.Equal("cache-2", one.Snapshot().OtherPlacement);
        Assert.Equal("cache-1", two.Snapshot().OtherPlacement);
        Assert.Equal(2, _log.Of(1802).Length);
        await EndAsync(zooKeeper);
    }

    [Fact]
    public async Task A_balancer_that_is_sticky_by_source_is_not_found_with_one_server_and_without_ZooKeeper()
    {
        var (one, _) = await JoinAsync(new NamesRemote(new NamesRemote.Name("cache-1", _primary) { Addresses = [_primary] }));
        var (two, _) = await JoinAsync(new NamesRemote(new NamesRemote.Name("cache-1", _standby) { Addresses = [_standby] }));
        await TurnAsync(TimeSpan.FromMinutes(5));
        Assert.Equal((null, null), (Conflict(one), Conflict(two)));
    }

    [Fact]
    public async Task A_name_with_several_addresses_is_not_near_before_they_are_known_to_be_one_server()
    {
        var names = new NamesRemote(new NamesRemote.Name("cache-1", _primary) { HasName = true });
        var (one, _) = await JoinAsync(names, isNear: false);
        await TurnAsync(TimeSpan.FromSeconds(20));
        Assert.False(one.Snapshot().Servers[0].IsServedNear);

        names[0].Addresses = [_primary, _primary];
        await TurnUntilAsync(() => one.Snapshot().Servers[0].IsServedNear);
        Assert.Empty(_log.Of(1800));
    }

    [Fact]
    public async Task A_name_with_two_addresses_that_are_two_servers_is_never_near_and_says_so_once()
    {
        var names = new NamesRemote(new NamesRemote.Name("cache-1", _primary) { HasName = true, Addresses = [_primary, _standby] });
        var (one, _) = await JoinAsync(names, isNear: false);
        await TurnUntilAsync(() => Conflict(one) is not null);
        await TurnAsync(TimeSpan.FromMinutes(6));
        Assert.Contains(
            "cache-1 has several addresses (10.0.0.1, 10.0.0.2), which are different servers",
            Assert.Single(_log.Of(1800)),
            StringComparison.Ordinal);
        await AssertNothingIsNearAsync(one);
    }

    // An old DNS answer in one process. No third server tells.
    [Fact]
    public async Task Two_names_that_are_exchanged_in_one_process_are_found_by_both()
    {
        var (one, _) = await JoinAsync(new NamesRemote(new("cache-1", _primary), new("cache-2", _standby)));
        var (two, _) = await JoinAsync(new NamesRemote(new("cache-1", _standby), new("cache-2", _primary)), isNear: false);

        var turned = await TurnUntilAsync(() => Conflict(one) is not null && Conflict(two) is not null);

        Assert.InRange(turned, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.Contains("cache-1 is two servers", Conflict(one), StringComparison.Ordinal);
        Assert.Contains("cache-1 is two servers", Conflict(two), StringComparison.Ordinal);
        await AssertNothingIsNearAsync(one, two);
    }

    [Fact]
    public async Task Two_names_of_one_server_are_found()
    {
        var (one, _) = await JoinAsync(new NamesRemote(new("cache-1", _primary), new("cache-2", _primary)), isNear: false);
        await TurnUntilAsync(() => _log.Of(1800).Length == 2);
        Assert.Contains("cache-1 and cache-2 are one server: list it once", one.Snapshot().Servers[0].Conflict, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_identity_that_was_evicted_is_added_again_with_the_same_value()
    {
        var (one, _) = await JoinAsync();
        var before = await ReadAsync(_primary, Item);
        for (var i = 0; i < 5; i++)
        {
            await DeleteAsync(_primary, Item);
            await TurnUntilAsync(() => HasIdentity(_primary));
            Assert.Equal(before, await ReadAsync(_primary, Item));
        }

        Assert.Null(Conflict(one));
        Assert.True(one.Snapshot().Servers[0].IsServedNear);
    }

    [Fact]
    public async Task Counters_of_an_older_process_get_an_identity_after_ten_audits_and_nothing_is_said()
    {
        await FillAsync(_primary);
        await DeleteAsync(_primary, Item);
        var (one, _) = await JoinAsync();
        Assert.False(HasIdentity(_primary));
        await TurnUntilAsync(() => HasIdentity(_primary));
        Assert.Null(Conflict(one));
        Assert.True(one.Snapshot().Servers[0].IsServedNear);
        Assert.Empty(_log.Ids);
    }

    [Fact]
    public async Task An_identity_that_survived_its_counters_is_replaced()
    {
        var (one, _) = await JoinAsync();
        var before = await ReadAsync(_primary, Item);
        await DeleteAsync(_primary, "~nc:1:default:total");
        await TurnUntilAsync(() => HasIdentity(_primary) && ReadAsync(_primary, Item).Result != before);
        await TurnAsync(TimeSpan.FromSeconds(90));
        Assert.Null(Conflict(one));
        Assert.Empty(_log.Of(1800));
    }

    [Fact]
    public async Task A_process_with_another_list_of_servers_is_noticed_through_memcached()
    {
        var (one, _) = await JoinAsync();
        var (two, _) = await JoinAsync(new NamesRemote(new("cache-1", _primary), new("cache-3", new EmbeddedServer(_time))));
        await TurnUntilAsync(() => one.Snapshot().OtherPlacement is not null && two.Snapshot().OtherPlacement is not null, minutes: 4);
        Assert.Equal("cache-1,cache-3", one.Snapshot().OtherPlacement);
        Assert.Equal("cache-1,cache-2", two.Snapshot().OtherPlacement);
        Assert.Equal(2, _log.Of(1802).Length);
        var details = await new NearCacheDetailedHealthCheck(one).CheckHealthAsync(new HealthCheckContext());
        Assert.Contains("cache-1,cache-3", details.Description, StringComparison.Ordinal);

        await two.DisposeAsync();
        await TurnUntilAsync(() => one.Snapshot().OtherPlacement is null, minutes: 6);
    }

    private static string? Conflict(NearCacheClient cache) => cache.Snapshot().Servers[0].Conflict;

    private static bool HasIdentity(EmbeddedServer server) => ReadAsync(server, Item).Result is not null;

    private static async Task<string?> ReadAsync(EmbeddedServer server, string key)
    {
        var item = await server.ExecuteAsync(MetaCommand.Get(Encoding.ASCII.GetBytes(key)), CancellationToken.None);
        return item.Status == MetaStatus.Ok ? Encoding.ASCII.GetString(item.Value.Span) : null;
    }

    private static async Task DeleteAsync(EmbeddedServer server, string key) =>
        await server.ExecuteAsync(MetaCommand.Delete(Encoding.ASCII.GetBytes(key)), CancellationToken.None);

    private static async Task<long> CounterAsync(EmbeddedServer server) =>
        long.Parse((await ReadAsync(server, "~nc:1:default:total"))!, System.Globalization.CultureInfo.InvariantCulture);

    private static async Task SetCounterAsync(EmbeddedServer server, long total) =>
        await server.ExecuteAsync(
            MetaCommand.Set(
                "~nc:1:default:total"u8.ToArray(),
                Encoding.ASCII.GetBytes(total.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                timeToLive: 0),
            CancellationToken.None);

    private static async Task SetAsync(EmbeddedServer server, string key, string value) =>
        await server.ExecuteAsync(
            MetaCommand.Set(Encoding.ASCII.GetBytes(key), Encoding.ASCII.GetBytes(value), timeToLive: 0), CancellationToken.None);

    private static async Task FlushAsync(EmbeddedServer server)
    {
        foreach (var key in Counters)
        {
            await DeleteAsync(server, key);
        }

        await DeleteAsync(server, Key);
    }

    private static async Task AssertNothingIsNearAsync(params NearCacheClient[] caches)
    {
        foreach (var cache in caches)
        {
            await cache.GetAsync<string>(Key);
            Assert.NotEqual(CacheSource.Near, (await cache.GetAsync<string>(Key)).Source);
        }
    }

    // Another process has used the server.
    private async Task FillAsync(EmbeddedServer server)
    {
        var options = new NearCacheOptions { KeyPrefix = "", Rules = { new RuleOptions { Name = "products", Match = "product:*" } } };
        await using var other = new NearCacheClient(options, new NamesRemote(new NamesRemote.Name("other", server)), timeProvider: _time);
        await TurnUntilAsync(() => other.Snapshot().Servers[0].IsServedNear);
    }

    private async Task<(NearCacheClient Cache, NamesRemote Names)> JoinAsync(
        NamesRemote? names = null, bool isNear = true, FakeZooKeeper? zooKeeper = null)
    {
        names ??= new NamesRemote(new("cache-1", _primary), new("cache-2", _witness));
        var options = new NearCacheOptions { KeyPrefix = "", Rules = { new RuleOptions { Name = "products", Match = "product:*" } } };
        if (zooKeeper is not null)
        {
            // The settings need a server, in whose place the names stand.
            options.ZooKeeper.ConnectionString = zooKeeper.ConnectionString;
            options.Memcached.Servers.Add("127.0.0.1:1");
        }

        // A manual clock jumps, which a session must outlive.
        options.ZooKeeper.SessionTimeout = TimeSpan.FromHours(2);
        var cache = new NearCacheClient(options, names, _log, timeProvider: _time);
        _caches.Add(cache);
        if (isNear)
        {
            await TurnUntilAsync(() => cache.Snapshot().Servers.All(server => server.IsServedNear), zooKeeper: zooKeeper);
            await cache.SetAsync(Key, "one");
            await cache.SetAsync(Key, "two");
            await TurnAsync(TimeSpan.FromSeconds(2));
        }

        return (cache, names);
    }

    // Caches stop before the ZooKeeper of a test does, and what they still send may wait for the clock.
    private async Task EndAsync(FakeZooKeeper zooKeeper)
    {
        var ended = Task.WhenAll(_caches.Select(cache => cache.DisposeAsync().AsTask()));
        await TurnUntilAsync(() => ended.IsCompleted, minutes: 10, zooKeeper);
        await ended;
        _caches.Clear();
    }

    private async Task<TimeSpan> TurnUntilAsync(Func<bool> condition, int minutes = 2, FakeZooKeeper? zooKeeper = null)
    {
        var turned = TimeSpan.Zero;
        await using var marker = zooKeeper is null
            ? null
            : new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = zooKeeper.ConnectionString });
        while (!condition())
        {
            Assert.True(turned < TimeSpan.FromMinutes(minutes), $"Nothing happened in {minutes} minutes of manual time.");
            turned += await TurnAsync(TimeSpan.FromMilliseconds(minutes > 2 ? 500 : 250));

            // The caches' requests go through sockets, too: the clock does not run ahead of them on a busy machine.
            for (var trips = 0; marker is not null && trips < 3; trips++)
            {
                await marker.ExistsAsync("/");
            }
        }

        return turned;
    }

    private async Task<TimeSpan> TurnAsync(TimeSpan by)
    {
        var step = TimeSpan.FromMilliseconds(by < TimeSpan.FromSeconds(20) ? 250 : 1000);
        step = by < step ? by : step;
        for (var turned = TimeSpan.Zero; turned < by; turned += step)
        {
            _time.Advance(step);
            await PoolTurns.PassAsync();
        }

        return by;
    }
}
