using System.Diagnostics;
using NearCache.IntegrationTests.Identity;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.IntegrationTests.Rules;

/// <summary>Caches of one namespace on real servers, each with a ZooKeeper session and connections of its own.</summary>
internal sealed class RuleFleet : IAsyncDisposable
{
    private readonly Lazy<ZooKeeperClient> _admin;

    private RuleFleet(MemcachedProcess[] memcached, ZooKeeperProcess zooKeeper, NearCacheClient[] caches) =>
        (Memcached, ZooKeeper, Caches, _admin) = (memcached, zooKeeper, caches, new(() => new ZooKeeperClient(zooKeeper.Address)));

    // A long timeout, so that a busy machine does not end sessions, whose cost is counted.
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(20);

    public static EditReason Reason { get; } = new() { Who = "Alice", Why = "a test" };

    public MemcachedProcess[] Memcached { get; }

    public ZooKeeperProcess ZooKeeper { get; }

    public NearCacheClient[] Caches { get; }

    /// <summary>Gets a client of the ensemble with one session for the whole test, so that looking on is no transaction.</summary>
    public ZooKeeperClient Admin => _admin.Value;

    public static async Task<RuleFleet> StartAsync(
        int caches, int servers = 1, Action<NearCacheOptions>? configure = null, string[]? javaOptions = null)
    {
        var memcached = await Task.WhenAll(Enumerable.Range(0, servers).Select(_ => MemcachedProcess.StartNewAsync()));
        var zooKeeper = await ZooKeeperProcess.StartNewAsync(javaOptions: javaOptions);
        return new RuleFleet(memcached, zooKeeper, [.. Enumerable.Range(0, caches).Select(_ => Make(memcached, zooKeeper, configure))]);
    }

    /// <summary>Waits until every cache serves the key near.</summary>
    public async Task ServeNearAsync(string key) => await Task.WhenAll(Caches.Select(cache => Eventually.BecomesTrueAsync(
        async () => await IsNearAsync(cache, key), "every cache serves near")));

    /// <summary>
    /// Waits until every cache of the fleet has joined the members and knows their number. A cache that counted too early counts again
    /// after a second or two. From then on the fleet writes nothing to ZooKeeper by itself.
    /// </summary>
    public async Task AreMembersAsync(int members)
    {
        await AreMembersAsync(members, Caches);
        await StoredIdentities.AreThereAsync(Admin, "rules", Memcached);
    }

    /// <summary>Waits until the caches have joined the members and know their number.</summary>
    public static async Task AreMembersAsync(int members, params NearCacheClient[] caches) => await Eventually.BecomesTrueAsync(
        () => caches.All(cache => cache.Snapshot().Budgets!.Members == members), $"there are {members} members", TimeSpan.FromMinutes(5));

    /// <summary>The time until no cache serves the key near, without stalls of the machine.</summary>
    public async Task<TimeSpan[]> UntilNotNearAsync(string key, Func<Task> act)
    {
        using var stalls = new StallMeter();
        var clock = Stopwatch.StartNew();
        var watching = Caches.Select(async cache =>
        {
            await Eventually.BecomesTrueAsync(async () => !await IsNearAsync(cache, key), "every cache is stopped");
            var took = clock.Elapsed - stalls.Total;
            return took > TimeSpan.Zero ? took : TimeSpan.Zero;
        }).ToArray();
        await act();
        return await Task.WhenAll(watching);
    }

    /// <summary>Whether a read that begins now, after one that may fill, is answered near.</summary>
    public static async Task<bool> IsNearAsync(NearCacheClient cache, string key)
    {
        await cache.GetOrCreateAsync(key, _ => ValueTask.FromResult("value"));
        return (await cache.GetAsync<string>(key)).Source == CacheSource.Near;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Caches.Select(cache => cache.DisposeAsync().AsTask()));
        if (_admin.IsValueCreated)
        {
            Admin.Dispose();
        }

        foreach (var server in Memcached)
        {
            await server.DisposeAsync();
        }

        await ZooKeeper.DisposeAsync();
    }

    /// <summary>One more process of the same namespace.</summary>
    public static NearCacheClient Make(
        MemcachedProcess[] memcached, ZooKeeperProcess zooKeeper, Action<NearCacheOptions>? configure, LogRecorder? log = null)
    {
        var options = new NearCacheOptions
        {
            Namespace = "rules",
            Seams = { TrustFirstCount = true, MembershipSpeed = 20 },
            RuleLease = TimeSpan.FromSeconds(1.5),
            Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "site", Match = "site" } },
        };
        foreach (var server in memcached)
        {
            options.Memcached.Servers.Add(server.Address);
        }

        options.ZooKeeper.ConnectionString = zooKeeper.Address;
        options.ZooKeeper.SessionTimeout = SessionTimeout;
        options.ZooKeeper.LivenessTimeout = TimeSpan.FromSeconds(2);
        configure?.Invoke(options);
        return new NearCacheClient(options, log);
    }
}
