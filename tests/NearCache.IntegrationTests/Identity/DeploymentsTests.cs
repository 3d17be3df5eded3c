using System.Diagnostics;
using System.Globalization;
using System.Net;
using NearCache.Memcached;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Identity;

/// <summary>
/// Deployments in which a name is not one server, on real ones: found within the time that docs/coherence.md states, with the message, and
/// nothing is near afterwards. The caches' clocks run ten times as fast.
/// </summary>
public sealed class DeploymentsTests(ITestOutputHelper output) : IAsyncDisposable
{
    private const int Faster = 10;
    private static readonly IPAddress First = IPAddress.Parse("127.0.0.1");
    private static readonly IPAddress Second = IPAddress.Parse("127.0.0.2");

    private readonly LogRecorder _log = new();
    private readonly List<NearCacheClient> _caches = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var cache in _caches)
        {
            await cache.DisposeAsync();
        }

        _log.Dispose();
    }

    [Fact]
    public async Task A_balancer_in_turn_is_found_by_one_process_alone()
    {
        await using var one = await MemcachedProcess.StartNewAsync();
        await using var two = await MemcachedProcess.StartNewAsync();
        await using var balancer = new TcpBalancer(one.Port, two.Port);

        // Nothing is detected before the server behind the probe has counters, which it gets from any process.
        await using var other = await NearAsync(Make(First, two.Address));
        await FoundAsync("balancer in turn, one process", "is two servers", Make(First, $"127.0.0.1:{balancer.Port}"));
        await Eventually.BecomesTrueAsync(() => balancer.Connections <= 2, "one connection, and one more for a moment");
    }

    [Fact]
    public async Task A_balancer_that_is_sticky_by_source_is_found_through_the_other_server()
    {
        await using var one = await MemcachedProcess.StartNewAsync();
        await using var two = await MemcachedProcess.StartNewAsync();
        await using var witness = await MemcachedProcess.StartNewAsync();
        await using var balancer = new TcpBalancer();
        balancer.Route(First, one.Port);
        balancer.Route(Second, two.Port);
        await FoundAsync(
            "sticky balancer, a second server",
            "is two servers",
            Make(First, $"cache.test:{balancer.Port}", witness.Address),
            Make(Second, $"cache.test:{balancer.Port}", witness.Address));
    }

    [Fact]
    public async Task A_balancer_that_is_sticky_by_source_is_found_through_ZooKeeper_if_it_is_the_only_server()
    {
        await using var one = await MemcachedProcess.StartNewAsync();
        await using var two = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        await using var balancer = new TcpBalancer();
        balancer.Route(First, one.Port);
        balancer.Route(Second, two.Port);
        var server = $"cache.test:{balancer.Port}";
        await FoundAsync(
            "sticky balancer, ZooKeeper",
            "is two servers",
            MakeWith(First, zooKeeper.Address, server),
            MakeWith(Second, zooKeeper.Address, server));
    }

    // An old DNS answer in one process. No third server and no ZooKeeper tells.
    [Fact]
    public async Task Two_names_that_are_exchanged_in_one_process_are_found_by_both()
    {
        await using var one = await MemcachedProcess.StartNewAsync();
        await using var two = await MemcachedProcess.StartNewAsync();
        await using var name = new TcpBalancer();
        await using var other = new TcpBalancer();
        name.Route(First, one.Port);
        name.Route(Second, two.Port);
        other.Route(First, two.Port);
        other.Route(Second, one.Port);
        await FoundAsync(
            "two names exchanged in one process",
            "is two servers",
            Make(First, $"cache.test:{name.Port}", $"cache.test:{other.Port}"),
            Make(Second, $"cache.test:{name.Port}", $"cache.test:{other.Port}"));
    }

    [Fact]
    public async Task A_fail_over_of_one_process_is_found_by_both()
    {
        await using var primary = await MemcachedProcess.StartNewAsync();
        await using var standby = await MemcachedProcess.StartNewAsync();
        await using var witness = await MemcachedProcess.StartNewAsync();
        await using var balancer = new TcpBalancer();
        balancer.Route(First, primary.Port);
        balancer.Route(Second, primary.Port);
        var one = await NearAsync(Make(First, $"cache.test:{balancer.Port}", witness.Address));
        var two = await NearAsync(Make(Second, $"cache.test:{balancer.Port}", witness.Address));
        Assert.Empty(_log.Of(1800));

        balancer.Route(Second, standby.Port);
        await FoundAsync("fail-over of one process", "is two servers", one, two);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_fail_over_of_all_and_back_is_found_whatever_the_total(int more)
    {
        await using var primary = await MemcachedProcess.StartNewAsync();
        await using var standby = await MemcachedProcess.StartNewAsync();
        await using var witness = await MemcachedProcess.StartNewAsync();
        await using var balancer = new TcpBalancer(primary.Port);
        var cache = await NearAsync(Make(First, $"127.0.0.1:{balancer.Port}", witness.Address));

        balancer.LeadTo(standby.Port);
        await using var observer = new MemcachedClient(
            new MemcachedOptions
            {
                Servers = { primary.Address, standby.Address, witness.Address },
                OperationTimeout = TimeSpan.FromMinutes(1),
            });
        await Eventually.BecomesTrueAsync(
            async () => await ReadAsync(observer, "id", standby) is { } id
                && (await ReadAsync(observer, "ids", witness))?.Contains(id[..32], StringComparison.Ordinal) == true,
            "the standby is known");
        Assert.Empty(_log.Of(1800));

        var total = long.Parse((await ReadAsync(observer, "total", primary))!, CultureInfo.InvariantCulture);
        await observer.Servers[0].ExecuteAsync(
            Memcached.Protocol.MetaCommand.Set(
                "~nc:1:deployments:total"u8.ToArray(),
                System.Text.Encoding.ASCII.GetBytes((total + more).ToString(CultureInfo.InvariantCulture)),
                timeToLive: 0));
        balancer.LeadTo(primary.Port);
        await FoundAsync($"fail-over and back, total {more:+0;-0;0}", "returned with contents of before", cache);
    }

    [Fact]
    public async Task A_name_with_two_addresses_is_found_and_one_server_with_two_addresses_is_near()
    {
        await using var one = await MemcachedProcess.StartNewAsync();
        await using var two = await MemcachedProcess.StartNewAsync();
        await using var balancer = new TcpBalancer(one.Port);
        var server = $"cache.test:{balancer.Port}";
        await (await NearAsync(Make(null, server))).DisposeAsync();
        Assert.Empty(_log.Of(1800));

        balancer.Route(Second, two.Port);
        await using var other = await NearAsync(Make(First, two.Address));
        var message = "has several addresses (127.0.0.1, 127.0.0.2), which are different servers";
        await FoundAsync("two addresses", message, Make(null, server));

        // A setting makes each address a server.
        var cache = Make(null, isEveryAddress: true, server);
        await Eventually.BecomesTrueAsync(
            () => cache.Snapshot().Servers is [_, _] servers && servers.All(each => each.IsServedNear), "both are served near");
        Assert.Equal(
            [$"127.0.0.1:{balancer.Port}", $"127.0.0.2:{balancer.Port}"], cache.Snapshot().Servers.Select(each => each.Name).Order());
        Assert.All(cache.Snapshot().Servers, each => Assert.Null(each.Conflict));
    }

    private static async Task<string?> ReadAsync(MemcachedClient client, string item, MemcachedProcess process)
    {
        var server = client.Servers.Single(server => server.Name == process.Address);
        var key = System.Text.Encoding.ASCII.GetBytes($"~nc:1:deployments:{item}");
        var reply = await server.ExecuteAsync(Memcached.Protocol.MetaCommand.Get(key));
        return reply.Status == Memcached.Protocol.MetaStatus.Ok ? System.Text.Encoding.ASCII.GetString(reply.Value.Span) : null;
    }

    private static string? ConflictOf(NearCacheClient cache) => cache.Snapshot().Servers[0].Conflict;

    // Each cache finds out and says so once; from then on none of its hits is near.
    private async Task FoundAsync(string deployment, string message, params NearCacheClient[] caches)
    {
        var clock = Stopwatch.StartNew();
        var key = await KeyOfAsync(caches[0]);
        var readers = caches.Select(cache => cache.GetAsync<string>(key).AsTask());
        await Task.WhenAll(readers);
        await Eventually.BecomesTrueAsync(() => caches.All(cache => ConflictOf(cache) is not null), deployment);
        var took = clock.Elapsed * Faster;
        for (var i = 0; i < 20; i++)
        {
            foreach (var cache in caches)
            {
                Assert.NotEqual(CacheSource.Near, (await cache.GetAsync<string>(key)).Source);
            }
        }

        output.WriteLine($"[FIGURE] {deployment}: found after {took.TotalSeconds:0} s of the caches' clocks");
        await Eventually.BecomesTrueAsync(
            () => _log.Of(1800).Length == caches.Sum(cache => cache.Snapshot().Servers.Count(server => server.Conflict is not null)),
            $"{deployment} is reported once by each cache and name");
        Assert.All(caches, cache => Assert.Contains(message, ConflictOf(cache), StringComparison.Ordinal));
    }

    // A key of the first server: the names contain random ports, which decide the server of each key.
    private static async Task<string> KeyOfAsync(NearCacheClient cache)
    {
        string[] names = [.. cache.Snapshot().Servers.Select(server => server.Name)];
        await using var servers = new MemcachedClient(new MemcachedOptions { Servers = [.. names] });
        return Enumerable.Range(0, 10_000)
            .Select(i => $"product:{i}")
            .First(key => servers.ServerFor(System.Text.Encoding.ASCII.GetBytes(key)).Name == names[0]);
    }

    private static async Task<NearCacheClient> NearAsync(NearCacheClient cache)
    {
        var key = await KeyOfAsync(cache);
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                try
                {
                    await cache.SetAsync(key, "value");
                    await cache.GetAsync<string>(key);
                    return cache.Snapshot().Servers.All(server => server.IsServedNear);
                }
                catch (NearCacheException)
                {
                    return false;
                }
            },
            "the servers are served near");
        return cache;
    }

    private NearCacheClient Make(IPAddress? address, params string[] servers) => MakeWith(address, "", servers);

    private NearCacheClient Make(IPAddress? address, bool isEveryAddress, string server)
    {
        var options = OptionsOf(address, "", server);
        options.EveryAddressIsAServer = isEveryAddress;
        return Add(options);
    }

    private NearCacheClient MakeWith(IPAddress? address, string zooKeeper, params string[] servers) =>
        Add(OptionsOf(address, zooKeeper, servers));

    private NearCacheClient Add(NearCacheOptions options)
    {
        var cache = new NearCacheClient(options, _log, timeProvider: new AcceleratedTime(Faster));
        _caches.Add(cache);
        return cache;
    }

    private static NearCacheOptions OptionsOf(IPAddress? address, string zooKeeper, params string[] servers)
    {
        var limit = TimeSpan.FromMinutes(1);
        var options = new NearCacheOptions
        {
            Namespace = "deployments",
            KeyPrefix = "",
            MaxStaleness = limit,
            RuleLease = TimeSpan.FromSeconds(70),
            Memcached =
            {
                OperationTimeout = limit,
                ConnectTimeout = limit,
                StallTimeout = limit,
                Resolve = (_, _) => Task.FromResult(address is null ? [First, Second] : new[] { address }),
            },
            ZooKeeper = { ConnectionString = zooKeeper, SessionTimeout = TimeSpan.FromMinutes(5) },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        foreach (var server in servers)
        {
            options.Memcached.Servers.Add(server);
        }

        return options;
    }
}
