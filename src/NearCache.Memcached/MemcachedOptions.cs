using System.Net;
using System.Net.Security;
using NearCache.Memcached.Topology;

namespace NearCache.Memcached;

/// <summary>Options of a <see cref="MemcachedClient"/>, which copies them.</summary>
public sealed class MemcachedOptions
{
    /// <summary>
    /// Gets or sets the servers: <c>host:port</c>, <c>[IPv6]:port</c>, or the path of a Unix domain socket. The default port is 11211. A
    /// weight is appended as in <c>host:port weight=3</c>.
    /// </summary>
    /// <remarks>
    /// The order is irrelevant, except with <see cref="MemcachedDistribution.Modulo"/>. Weights range from 1 (the default) to 1,000; only
    /// some distributions support them.
    /// </remarks>
    /// <value>Empty. At least one server is required; each may be listed once.</value>
    public IList<string> Servers { get; set; } = [];

    /// <summary>
    /// Gets or sets the number of connections to each server. One connection carries about a million small operations a second; memcached
    /// serves each connection by one of its threads.
    /// </summary>
    /// <value>1. From 1 to 64.</value>
    public int ConnectionsPerServer { get; set; } = 1;

    /// <summary>
    /// Gets or sets the time limit for opening a connection: name resolution, every address, the TLS handshake, and memcached's first reply
    /// together.
    /// </summary>
    /// <value>1 second. From 10 milliseconds to 5 minutes.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets how long a call waits for its reply, and how long a connection may be silent while a reply is due before it is closed.
    /// Accurate to an eighth.
    /// </summary>
    /// <value>1 second. From 10 milliseconds to 5 minutes.</value>
    public TimeSpan OperationTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets how long a reply or a request that has begun, and that other commands wait for, may advance by less than 64 KiB before
    /// the connection is closed.
    /// </summary>
    /// <value>2 seconds. From 10 milliseconds to 5 minutes.</value>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets or sets the delay before the first attempt to reconnect. It doubles with each failure.</summary>
    /// <value>100 milliseconds. From 1 millisecond to <see cref="MaxReconnectDelay"/>.</value>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Gets or sets the longest delay between two attempts to reconnect.</summary>
    /// <value>5 seconds. At most 5 minutes.</value>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets the share by which each delay varies at random, so that many clients do not reconnect at the same instant.
    /// </summary>
    /// <value>0.2. From 0 to 1.</value>
    public double ReconnectJitter { get; set; } = 0.2;

    /// <summary>Gets or sets the idle time after which a connection is probed by a no-op command and by TCP keep-alive.</summary>
    /// <value>15 seconds. At least 1 second; zero disables probes.</value>
    public TimeSpan KeepAlive { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Gets or sets the maximum number of commands in flight on one connection. A single larger group is sent alone.</summary>
    /// <value>50,000. At least 1.</value>
    public int MaxInFlightCommands { get; set; } = 50_000;

    /// <summary>
    /// Gets or sets the maximum size of the requests in flight on one connection, in bytes. A single larger request is sent alone.
    /// </summary>
    /// <value>64 MiB. At least 1.</value>
    public long MaxInFlightBytes { get; set; } = 64L << 20;

    /// <summary>
    /// Gets or sets what happens to a call that exceeds <see cref="MaxInFlightCommands"/> or <see cref="MaxInFlightBytes"/>.
    /// </summary>
    /// <value><see cref="OverloadPolicy.Wait"/>.</value>
    public OverloadPolicy OverloadPolicy { get; set; } = OverloadPolicy.Wait;

    /// <summary>
    /// Gets or sets the maximum size of a value in bytes. Larger values are rejected before anything is sent. memcached's own limit
    /// (<c>-I</c>, 1 MiB by default) includes the item's header and key.
    /// </summary>
    /// <value>1 MiB. From 1 byte to 1 GiB.</value>
    public int MaxValueBytes { get; set; } = 1 << 20;

    /// <summary>Gets or sets the TLS settings, or null for plain text. If no target host is set, the server's host is used.</summary>
    /// <value>null.</value>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>
    /// Gets or sets the user name for servers that require authentication (memcached's <c>-Y</c>). User name and <see cref="Password"/> are
    /// sent only to a server that requires them, in plain text unless <see cref="Tls"/> is set.
    /// </summary>
    /// <value>null: none. No spaces and no control characters.</value>
    public string? UserName { get; set; }

    /// <summary>Gets or sets the password for servers that require authentication.</summary>
    /// <value>null: none. No spaces and no control characters.</value>
    public string? Password { get; set; }

    /// <summary>
    /// Gets or sets the function that resolves a server's host name. It is called for every connection, so that a name may move to another
    /// machine.
    /// </summary>
    /// <value>null, which uses the system's resolver.</value>
    public Func<string, CancellationToken, Task<IPAddress[]>>? Resolve { get; set; }

    /// <summary>
    /// Gets or sets how keys are distributed over the servers. Other clients of memcached support the same distributions, so that caches
    /// stay warm in a migration.
    /// </summary>
    /// <value><see cref="MemcachedDistribution.Ketama"/>.</value>
    public MemcachedDistribution Distribution { get; set; }

    /// <summary>
    /// Gets or sets a factory of a custom distribution. It is called with the servers in the order of <see cref="Servers"/>.
    /// </summary>
    /// <value>null, which uses <see cref="Distribution"/>.</value>
    public Func<IReadOnlyList<WeightedServer>, IServerLocator>? Locator { get; set; }

    /// <summary>
    /// Gets or sets a value that indicates whether every command carries a number that its reply must repeat. This verifies that no reply
    /// reaches the wrong call, and costs about 10 bytes in each direction.
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

/// <summary>Specifies what happens to a call while more commands are in flight than the options allow.</summary>
public enum OverloadPolicy
{
    /// <summary>The call waits for capacity, at most for <see cref="MemcachedOptions.OperationTimeout"/>.</summary>
    Wait,

    /// <summary>The call fails at once with <see cref="MemcachedOverloadException"/>.</summary>
    Fail,
}
