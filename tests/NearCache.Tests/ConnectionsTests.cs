using NearCache.TestSupport;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.ZooKeeper;

namespace NearCache.Tests;

public sealed class ConnectionsTests
{
    [Fact]
    public async Task Every_connection_is_listed_with_both_ends_what_it_carried_and_its_state()
    {
        await using var memcached = FakeMemcached.Start();
        await using var zooKeeper = FakeZooKeeper.Start();
        await using var cache = new NearCacheClient(Options(memcached.Address, zooKeeper.ConnectionString));
        await Eventually.BecomesTrueAsync(() => cache.Connections.Count(Carries) == 2, "both are connected");

        Assert.Equal([CacheConnectionKind.Memcached, CacheConnectionKind.ZooKeeper], cache.Connections.Select(each => each.Kind));
        Assert.All(cache.Connections, connection =>
        {
            Assert.Equal(CacheConnectionState.Open, connection.State);
            Assert.Equal("127.0.0.1", connection.LocalAddress);
            Assert.InRange(connection.LocalPort, 1, 65535);
            Assert.Equal($"127.0.0.1:{(connection.Kind == CacheConnectionKind.Memcached ? memcached.Port : zooKeeper.Port)}",
                connection.RemoteEndPoint);
            Assert.True(connection is { BytesSent: > 0, BytesReceived: > 0 });
        });
        Assert.Equal(
            cache.Connections.Select(connection => connection.LocalPort),
            cache.Snapshot().Connections.Select(connection => connection.LocalPort));
    }

    [Fact]
    public async Task A_connection_is_listed_before_the_server_has_replied_and_until_its_last_reply()
    {
        await using var memcached = FakeMemcached.Start();
        memcached.HoldReplies();
        await using var cache = new NearCacheClient(Options(memcached.Address));
        await Eventually.BecomesTrueAsync(
            () => cache.Connections is [{ State: CacheConnectionState.Connecting, LocalPort: > 0 }], "the socket is connected");

        memcached.ReleaseReplies();
        await Eventually.BecomesTrueAsync(
            () => cache.Connections is [{ State: CacheConnectionState.Open } used] && Carries(used), "the connection is open");
        var port = cache.Connections[0].LocalPort;

        await using var other = FakeMemcached.Start();
        memcached.HoldReplies();
        var pending = cache.GetAsync<string>("product:1").AsTask();
        await Eventually.BecomesTrueAsync(
            () => memcached.Commands.Any(line => line.Contains("product:1", StringComparison.Ordinal)), "the read is sent");
        var changing = cache.SetServersAsync([other.Address]);
        await Eventually.BecomesTrueAsync(
            () => cache.Connections.Any(each => each is { State: CacheConnectionState.Closing } && each.LocalPort == port),
            "the connection to the removed server waits for its last reply");

        memcached.ReleaseReplies();
        await pending;
        await changing;
        Assert.DoesNotContain(cache.Connections, connection => connection.Server == memcached.Address);
    }

    [Fact]
    public async Task A_cache_without_servers_has_no_connections()
    {
        await using var cache = new NearCacheClient(new NearCacheOptions());
        Assert.Empty(cache.Connections);
    }

    private static bool Carries(CacheConnection connection) => connection.Operations > 0;

    private static NearCacheOptions Options(string memcached, string zooKeeper = "") => new()
    {
        KeyPrefix = "",
        Memcached = { Servers = [memcached], OperationTimeout = TimeSpan.FromSeconds(10) },
        ZooKeeper = { ConnectionString = zooKeeper },
        RuleLease = TimeSpan.FromSeconds(11),
    };
}
