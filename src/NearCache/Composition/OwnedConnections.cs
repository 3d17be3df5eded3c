using System.Net;
using NearCache.Brokers;
using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache.Composition;

/// <summary>Converts what the clients know of their connections to <see cref="CacheConnection"/>.</summary>
internal static class OwnedConnections
{
    /// <summary>Returns every connection of a cache, those to memcached first, in the order of opening.</summary>
    public static IReadOnlyList<CacheConnection> Of(
        IEnumerable<MemcachedConnectionInfo> memcached,
        ZooKeeperConnectionInfo? zooKeeper,
        IEnumerable<BrokerConnectionInfo> brokers,
        DateTimeOffset now) =>
        [
            .. memcached.OrderBy(connection => connection.Id).Select(connection => new CacheConnection
            {
                Kind = CacheConnectionKind.Memcached,
                Server = connection.Server,
                LocalAddress = AddressOf(connection.Local),
                LocalPort = (connection.Local as IPEndPoint)?.Port ?? 0,
                RemoteEndPoint = connection.Remote?.ToString(),
                State = connection.State switch
                {
                    MemcachedConnectionState.Connecting => CacheConnectionState.Connecting,
                    MemcachedConnectionState.Closing => CacheConnectionState.Closing,
                    _ => CacheConnectionState.Open,
                },
                OpenedAt = now - connection.Age,
                Age = connection.Age,
                Operations = connection.Operations,
                BytesSent = connection.BytesSent,
                BytesReceived = connection.BytesReceived,
            }),
            .. zooKeeper is null ? (CacheConnection[])[] :
            [
                new CacheConnection
                {
                    Kind = CacheConnectionKind.ZooKeeper,
                    Server = zooKeeper.Server,
                    LocalAddress = AddressOf(zooKeeper.Local),
                    LocalPort = (zooKeeper.Local as IPEndPoint)?.Port ?? 0,
                    RemoteEndPoint = zooKeeper.Remote?.ToString(),
                    State = CacheConnectionState.Open,
                    OpenedAt = now - zooKeeper.Age,
                    Age = zooKeeper.Age,
                    Operations = zooKeeper.Operations,
                    BytesSent = zooKeeper.BytesSent,
                    BytesReceived = zooKeeper.BytesReceived,
                },
            ],
            .. brokers.Select(broker => new CacheConnection
            {
                Kind = CacheConnectionKind.Broker,
                Server = broker.Server,
                LocalAddress = AddressOf(broker.Local),
                LocalPort = broker.Local?.Port ?? 0,
                RemoteEndPoint = broker.Remote?.ToString(),
                State = CacheConnectionState.Open,
                OpenedAt = broker.OpenedAt,
                Age = now - broker.OpenedAt,
                Operations = broker.Messages,
                BytesSent = broker.BytesSent,
                BytesReceived = broker.BytesReceived,
            }),
        ];

    /// <summary>Returns the local end of a connection as memcached prints it; null for a Unix domain socket.</summary>
    public static IPEndPoint? LocalOf(EndPoint? local) => local is IPEndPoint end
        // A socket for both families shows an IPv4 address with its mapping to IPv6.
        ? end.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(end.Address.MapToIPv4(), end.Port) : end
        : null;

    private static string? AddressOf(EndPoint? local) => LocalOf(local)?.Address.ToString();
}
