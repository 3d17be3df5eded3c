using NearCache.Memcached;
using NearCache.Memcached.Topology;

namespace NearCache.Remote.Memcached;

/// <summary>Copies the settings of the memcached client with another server list.</summary>
internal static class MemcachedSettings
{
    /// <summary>Copies the settings for a list whose names are replaced by their addresses; see <see cref="AddressExpansion"/>.</summary>
    public static MemcachedOptions WithoutNames(MemcachedOptions options)
    {
        var copy = With(options, options.Servers);
        copy.Resolve = AddressExpansion.Refuse;
        return copy;
    }

    public static MemcachedOptions With(MemcachedOptions options, IEnumerable<string> servers) => new()
    {
        Servers = [.. servers],
        ConnectionsPerServer = options.ConnectionsPerServer,
        ConnectTimeout = options.ConnectTimeout,
        OperationTimeout = options.OperationTimeout,
        StallTimeout = options.StallTimeout,
        ReconnectDelay = options.ReconnectDelay,
        MaxReconnectDelay = options.MaxReconnectDelay,
        ReconnectJitter = options.ReconnectJitter,
        KeepAlive = options.KeepAlive,
        MaxInFlightCommands = options.MaxInFlightCommands,
        MaxInFlightBytes = options.MaxInFlightBytes,
        OverloadPolicy = options.OverloadPolicy,
        MaxValueBytes = options.MaxValueBytes,
        Tls = options.Tls,
        Distribution = options.Distribution,
        UserName = options.UserName,
        Password = options.Password,
        Resolve = options.Resolve,
        Locator = options.Locator,
        VerifyReplies = options.VerifyReplies,
    };
}
