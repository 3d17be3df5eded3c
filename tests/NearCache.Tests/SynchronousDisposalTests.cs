using System.Net.NetworkInformation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NearCache.Memcached;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper;

namespace NearCache.Tests;

/// <summary>
/// <c>Dispose</c> closes sockets and the session and waits for nothing. Runs when no other test does, since it takes every thread of the
/// pool.
/// </summary>
[Collection(nameof(SynchronousDisposalTests))]
[CollectionDefinition(nameof(SynchronousDisposalTests), DisableParallelization = true)]
public sealed class SynchronousDisposalTests
{
    [Fact]
    public async Task A_provider_that_is_disposed_synchronously_leaves_no_connection_and_no_session()
    {
        await using var servers = new Servers();
        var log = new LogRecorder();
        var services = new ServiceCollection().AddSingleton<ILoggerFactory>(log);
        services.AddNearCache(servers.Configure);
        services.AddNearCache("orders", options =>
        {
            servers.Configure(options);
            options.Namespace = "orders";
        });
        services.AddNearCache("other", options =>
        {
            servers.Configure(options);
            options.Namespace = "other";
            options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(20);
        });
        INearCache[] caches;
        string[] before;
        using (var provider = services.BuildServiceProvider())
        {
            caches =
            [
                provider.GetRequiredService<INearCache>(),
                provider.GetRequiredKeyedService<INearCache>("orders"),
                provider.GetRequiredKeyedService<INearCache>("other"),
            ];
            provider.GetRequiredService<IRuleRegistry>();
            provider.GetRequiredService<IDistributedLock>();
            foreach (var cache in caches)
            {
                await UseAsync(cache);
            }

            Assert.Equal(2, servers.ZooKeeper.Sessions.Count);
            before = log.Texts;
        }

        await servers.AreLeftAsync();
        foreach (var cache in caches)
        {
            await Assert.ThrowsAsync<ObjectDisposedException>(async () => await cache.GetAsync<string>("product:1"));

            // Returns when the loops that were ended in the background have ended.
            await ((NearCacheClient)cache).DisposeAsync();
        }

        Assert.Equal(before, log.Texts);
    }

    [Fact]
    public async Task Disposal_needs_no_thread_of_the_pool()
    {
        await using var servers = new Servers();
        var options = new NearCacheOptions();
        servers.Configure(options);
        var cache = new NearCacheClient(options);
        await UseAsync(cache);
        var memcached = new MemcachedClient(options.Memcached);
        await memcached.GetAsync("key");
        var zooKeeper = new ZooKeeperClient(options.ZooKeeper);
        await zooKeeper.WaitForStateAsync(ZooKeeperState.Connected);

        StarvedThreadPool.Run(() =>
        {
            cache.Dispose();
            memcached.Dispose();
            zooKeeper.Dispose();

            // The fakes answer on threads of the pool: the peers of the sockets are asked of the system instead.
            Assert.Equal(0, EstablishedTo(servers.Memcached.Port));
            Assert.Equal(0, EstablishedTo(servers.ZooKeeper.Port));
        });

        await servers.AreLeftAsync();
        await cache.DisposeAsync();
    }

    [Fact]
    public async Task Disposal_does_not_wait_for_servers_that_do_not_reply_and_ends_a_disposal_that_does()
    {
        await using var servers = new Servers();
        var options = new NearCacheOptions { OnRemoteFailure = RemoteFailurePolicy.Throw };
        servers.Configure(options);
        options.RuleLease = TimeSpan.FromMinutes(5);
        options.Memcached.OperationTimeout = options.ZooKeeper.ConnectTimeout = TimeSpan.FromMinutes(4);
        var cache = new NearCacheClient(options);
        await UseAsync(cache);
        servers.Memcached.HoldReplies();
        servers.ZooKeeper.Freeze();
        var read = cache.GetAsync<string>("unmatched").AsTask();
        await Eventually.BecomesTrueAsync(
            () => servers.Memcached.Commands.Any(command => command.Contains("unmatched", StringComparison.Ordinal)), "the read is sent");
        var waiting = cache.DisposeAsync().AsTask();

        cache.Dispose();
        cache.Dispose();

        await waiting.WaitAsync(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => read.WaitAsync(TimeSpan.FromMinutes(1)));
        servers.Memcached.ReleaseReplies();
        servers.ZooKeeper.Thaw();
        await Eventually.BecomesTrueAsync(
            () => servers.Memcached.OpenConnections == 0 && servers.ZooKeeper.Connections == 0, "every connection is closed");
    }

    [Fact]
    public async Task A_lock_that_is_disposed_synchronously_is_given_back()
    {
        await using var servers = new Servers();
        var options = new NearCacheOptions();
        servers.Configure(options);
        await using var cache = new NearCacheClient(options);
        using (var held = await cache.Locks.TryAcquireAsync("job"))
        {
            Assert.NotNull(held);
            Assert.Null(await cache.Locks.TryAcquireAsync("job", new LockOptions { Wait = TimeSpan.Zero }));
        }

        await using var next = await cache.Locks.TryAcquireAsync("job", new LockOptions { Wait = TimeSpan.FromMinutes(1) });
        Assert.NotNull(next);
    }

    private static async Task UseAsync(INearCache cache)
    {
        await cache.SetAsync("product:1", "value");
        await Eventually.BecomesTrueAsync(
            () =>
                ((NearCacheClient)cache).Snapshot() is { ZooKeeper: "Connected" } now
                    && now.Servers.All(server => server.IsServedNear), "the cache works");
    }

    private static int EstablishedTo(int port) => IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpConnections()
        .Count(connection => connection.RemoteEndPoint.Port == port && connection.State == TcpState.Established);

    private sealed class Servers : IAsyncDisposable
    {
        public FakeMemcached Memcached { get; } = FakeMemcached.Start();

        public FakeZooKeeper ZooKeeper { get; } = FakeZooKeeper.Start();

        public void Configure(NearCacheOptions options)
        {
            options.Memcached.Servers.Add(Memcached.Address);
            options.ZooKeeper.ConnectionString = ZooKeeper.ConnectionString;
            options.Rules.Clear();
        }

        // The end of each session arrived, and was not waited for.
        public Task AreLeftAsync() => Eventually.BecomesTrueAsync(
            () =>
                Memcached.OpenConnections == 0
                    && ZooKeeper.Connections == 0
                    && ZooKeeper.Sessions.Count == 0, "every connection is closed, and every session is ended");

        public async ValueTask DisposeAsync()
        {
            await Memcached.DisposeAsync();
            await ZooKeeper.DisposeAsync();
        }
    }
}
