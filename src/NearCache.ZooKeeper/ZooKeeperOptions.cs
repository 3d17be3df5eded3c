using System.Net.Security;

namespace NearCache.ZooKeeper;

/// <summary>Provides the settings of a <see cref="ZooKeeperClient"/>. The client copies them when it is created.</summary>
public sealed class ZooKeeperOptions
{
    /// <summary>
    /// Gets or sets the servers and an optional chroot, the node that is the root of all paths: <c>zk-1:2181,zk-2:2181,[::1]:2181/app</c>.
    /// Host names are resolved for every connection.
    /// </summary>
    /// <value>Required. The default port is 2181.</value>
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// Gets or sets a value that indicates whether a missing chroot of <see cref="ConnectionString"/> is created when a session starts,
    /// with its missing ancestors and open to all clients.
    /// </summary>
    /// <value>
    /// false. A mistyped chroot then creates no nodes; it is logged as an error, and operations find no nodes until it exists.
    /// </value>
    public bool CreateChroot { get; set; }

    /// <summary>
    /// Gets or sets how long the servers keep the session without hearing from the client. Servers grant from 2 to 20 ticks.
    /// </summary>
    /// <value>10 seconds.</value>
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets the timeout of one attempt to connect (name, TCP and TLS), and separately of the server's first reply.
    /// </summary>
    /// <value>2 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Gets or sets the timeout of an operation, the wait for a connection included.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets how long a server may stay silent before the client closes the connection. The client sends a ping after half of it.
    /// </summary>
    /// <value>null: a third of the session timeout that the server granted.</value>
    public TimeSpan? LivenessTimeout { get; set; }

    /// <summary>Gets or sets the delay before the first attempt to reconnect. It doubles with each further attempt.</summary>
    /// <value>100 milliseconds, ± <see cref="ReconnectJitter"/>.</value>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// Gets or sets the longest delay between two attempts. While a session exists, the delay is at most a fifth of the session timeout, so
    /// that the client resumes the session in time when a lost quorum returns.
    /// </summary>
    /// <value>5 seconds, ± <see cref="ReconnectJitter"/>.</value>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets the fraction by which delays vary at random, so that clients that lost the same server do not reconnect at the same
    /// instant.
    /// </summary>
    /// <value>
    /// 0.5. From 0 to 1. With 0.5, of 500 clients whose servers were down for two seconds at most 50 reconnect within 100 milliseconds.
    /// </value>
    public double ReconnectJitter { get; set; } = 0.5;

    /// <summary>
    /// Gets or sets a value that indicates whether the client opens a new session by itself after the session has expired. The state
    /// reports the new session, since nothing of the old one exists any more.
    /// </summary>
    /// <value>false. Every operation fails until <see cref="ZooKeeperClient.RenewSessionAsync"/> is called.</value>
    public bool RenewSession { get; set; }

    /// <summary>
    /// Gets or sets a value that indicates whether the client reads from a server without a quorum while it finds none with a quorum.
    /// </summary>
    /// <value>false.</value>
    public bool AllowReadOnly { get; set; }

    /// <summary>
    /// Gets or sets the length of the longest message in either direction. Servers have the same limit: <c>jute.maxbuffer</c>.
    /// </summary>
    /// <value>1,048,575 bytes, the default of the servers.</value>
    public int MaxMessageBytes { get; set; } = 0xFFFFF;

    /// <summary>Gets or sets the maximum number of requests in flight. Further requests wait in the client.</summary>
    /// <value>4,096.</value>
    public int MaxOutstandingRequests { get; set; } = 4096;

    /// <summary>Gets or sets the maximum number of bytes ready to be sent. Further requests wait in the client.</summary>
    /// <value>8 MiB. At least one message is always allowed.</value>
    public int MaxOutstandingBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// Gets or sets the maximum number of requests that wait in the client. Further requests fail with
    /// <see cref="TooManyRequestsException"/>.
    /// </summary>
    /// <value>100,000.</value>
    public int MaxWaitingRequests { get; set; } = 100_000;

    /// <summary>
    /// Gets or sets how long results wait for the handlers of watches that were notified first. See <see cref="ZooKeeperClient"/>.
    /// </summary>
    /// <value>50 milliseconds. <see cref="TimeSpan.Zero"/> disables waiting.</value>
    public TimeSpan WatchHandlerGrace { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets the identities that the client claims on every connection.</summary>
    /// <value>Empty.</value>
    public IList<ZooKeeperAuthentication> Authentications { get; private set; } = [];

    /// <summary>Gets or sets the user and the password for SASL (DIGEST-MD5).</summary>
    /// <value>null: no SASL.</value>
    public ZooKeeperSaslCredentials? Sasl { get; set; }

    /// <summary>
    /// Gets or sets the TLS settings for the servers' <c>secureClientPort</c>, client certificates included. An unset target host is the
    /// name of the server.
    /// </summary>
    /// <value>null: no TLS.</value>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>
    /// Returns every mistake in the settings, with the name of the setting, its value and the valid range. Empty if the settings are valid.
    /// </summary>
    /// <remarks>The constructor of <see cref="ZooKeeperClient"/> performs the same check.</remarks>
    public IReadOnlyList<string> FindMistakes() => ZooKeeperOptionsValidator.FindMistakes(this);

    internal ZooKeeperOptions Copy()
    {
        var copy = (ZooKeeperOptions)MemberwiseClone();
        copy.Authentications = [.. Authentications];
        return copy;
    }
}
