using System.Net;
using System.Net.Security;
using NearCache.Memcached.Topology;

namespace NearCache.Memcached;

/// <summary>Settings of a <see cref="MemcachedClient"/>, which copies them.</summary>
public sealed class MemcachedOptions
{
    /// <summary>
    /// The servers: <c>host:port</c>, <c>[IPv6]:port</c>, or the path of a Unix domain socket; without a port, 11211. With a weight:
    /// <c>host:port weight=3</c>.
    /// </summary>
    /// <remarks>
    /// The order counts for nothing, except with <see cref="MemcachedDistribution.Modulo"/>. Weights are from 1 (unless given) to 1,000,
    /// and only some distributions heed them.
    /// </remarks>
    /// <value>None; at least one must be named, each once.</value>
    public IList<string> Servers { get; set; } = [];

    /// <summary>
    /// TCP connections to each server. One carries about a million small operations a second; memcached serves a connection by one of its
    /// threads.
    /// </summary>
    /// <value>1. From 1 to 64.</value>
    public int ConnectionsPerServer { get; set; } = 1;

    /// <summary>From the first packet to the first answer: name resolution, every address, TLS handshake, memcached's greeting.</summary>
    /// <value>1 second. From 10 milliseconds to 5 minutes.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a call waits for its reply, and how long a connection may be silent while a reply is due before it is closed. Kept to
    /// within an eighth.
    /// </summary>
    /// <value>1 second. From 10 milliseconds to 5 minutes.</value>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long an answer or a request that others wait for may move by less than 64 KiB, once it has begun to, before the connection is
    /// given up.
    /// </summary>
    /// <value>2 seconds. From 10 milliseconds to 5 minutes.</value>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>The wait before the first attempt to connect again; it doubles with each failure.</summary>
    /// <value>100 milliseconds. From 1 millisecond to <see cref="MaxReconnectDelay"/>.</value>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest wait between two attempts to reach a server that is down.</summary>
    /// <value>5 seconds. At most 5 minutes.</value>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Each wait is spread by ± this share, so that many clients do not return at one instant.</summary>
    /// <value>0.2. From 0 to 1.</value>
    public double ReconnectJitter { get; set; } = 0.2;

    /// <summary>
    /// A connection that is idle for so long is asked whether the server is still there, by a no-op and by TCP keepalive.
    /// </summary>
    /// <value>15 seconds. At least 1 second; zero never asks.</value>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Commands that may wait for their replies on one connection. A single larger group goes alone.</summary>
    /// <value>50,000. At least 1.</value>
    public int MaxInFlightCommands { get; set; } = 50_000;

    /// <summary>Bytes of requests that may wait for their replies on one connection. A single larger request goes alone.</summary>
    /// <value>64 MiB. At least 1.</value>
    public long MaxInFlightBytes { get; set; } = 64L << 20;

    /// <summary>What happens to a call beyond <see cref="MaxInFlightCommands"/> or <see cref="MaxInFlightBytes"/>.</summary>
    /// <value><see cref="OverloadPolicy.Wait"/>.</value>
    public OverloadPolicy OverloadPolicy { get; set; } = OverloadPolicy.Wait;

    /// <summary>
    /// Larger values are refused before anything is sent. memcached's own limit (-I, 1 MiB unless set) includes the item's header and its
    /// key.
    /// </summary>
    /// <value>1 MiB. From 1 byte to 1 GiB.</value>
    public int MaxValueBytes { get; set; } = 1 << 20;

    /// <summary>TLS settings, or null for plain text. A target host that is not set is the server's host.</summary>
    /// <value>null.</value>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>
    /// The name for servers that ask for one (memcached's <c>-Y</c>): sent, with <see cref="Password"/>, only to a server that asks. Use it
    /// with <see cref="Tls"/>: it is sent as it is.
    /// </summary>
    /// <value>null: none. No spaces and no control characters.</value>
    public string? UserName { get; set; }

    /// <summary>The password for servers that ask for one.</summary>
    /// <value>null: none. No spaces and no control characters.</value>
    public string? Password { get; set; }

    /// <summary>
    /// Finds the addresses of a server's name; asked anew for every connection, so that a name may come to mean another machine.
    /// </summary>
    /// <value>null: the system's resolver.</value>
    public Func<string, CancellationToken, Task<IPAddress[]>>? Resolve { get; set; }

    /// <summary>How keys are spread over the servers: one of the ways that other clients know too, so that caches stay warm.</summary>
    /// <value><see cref="MemcachedDistribution.Ketama"/>.</value>
    public MemcachedDistribution Distribution { get; set; }

    /// <summary>
    /// How keys are spread over the servers, in a way that <see cref="Distribution"/> does not know; called with the servers in the order
    /// of <see cref="Servers"/>.
    /// </summary>
    /// <value>null: <see cref="Distribution"/> says it.</value>
    public Func<IReadOnlyList<WeightedServer>, IServerLocator>? Locator { get; set; }

    /// <summary>
    /// Sends a number with every command that every reply must repeat: proves that no reply meets the wrong call, for about 10 bytes each
    /// way.
    /// </summary>
    /// <value>false.</value>
    public bool VerifyReplies { get; set; }

    internal IServerLocator CreateLocator(IReadOnlyList<WeightedServer> servers) =>
        Locator?.Invoke(servers) ?? ServerLocators.Create(Distribution, servers);

    internal MemcachedOptions Copy()
    {
        var copy = (MemcachedOptions)MemberwiseClone();
        copy.Servers = [.. Servers];
        return copy;
    }
}

/// <summary>What happens to a call while more is in flight than the options allow.</summary>
public enum OverloadPolicy
{
    /// <summary>It waits for room, at most for the operation timeout.</summary>
    Wait,

    /// <summary>It fails at once with <see cref="MemcachedOverloadException"/>.</summary>
    Fail,
}
