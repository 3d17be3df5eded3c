using System.Net.Security;

namespace NearCache.ZooKeeper;

/// <summary>How a <see cref="ZooKeeperClient"/> reaches its servers, and what it holds at most. Copied when the client is made.</summary>
public sealed class ZooKeeperOptions
{
    /// <summary>
    /// The servers and, behind them, a node that stands for the root: <c>zk-1:2181,zk-2:2181,[::1]:2181/app</c>. Names are looked up anew
    /// for every connection.
    /// </summary>
    /// <value>Required. A server without a port: 2181.</value>
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// Whether a chroot in <see cref="ConnectionString"/> that does not exist is created, with what is missing above it, open to all, when
    /// a session begins.
    /// </summary>
    /// <value>false: a mistyped chroot makes no nodes. It is logged as an error, and operations find no nodes until it is created.</value>
    public bool CreateChroot { get; set; }

    /// <summary>How long the servers keep the session without hearing from the client. They grant from 2 to 20 of their ticks.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan SessionTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>For one attempt to connect: name, TCP, TLS; and once more for the server's first answer.</summary>
    /// <value>2 seconds.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an operation waits for a connection and for its answer altogether.</summary>
    /// <value>10 seconds.</value>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>A server from which nothing has come for so long is given up, though it was asked; it is asked after half of it.</summary>
    /// <value>null: a third of the session timeout as the server granted it.</value>
    public TimeSpan? LivenessTimeout { get; set; }

    /// <summary>The wait before the first new attempt to connect; doubled for each that follows.</summary>
    /// <value>100 milliseconds, ± <see cref="ReconnectJitter"/>.</value>
    public TimeSpan ReconnectDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// The longest wait between two attempts; never more than a fifth of the session timeout while there is a session, which servers
    /// without a quorum keep.
    /// </summary>
    /// <value>5 seconds, ± <see cref="ReconnectJitter"/>.</value>
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>By which part the waits are spread, so that clients that lost one server do not return at one instant.</summary>
    /// <value>
    /// 0.5: of 500 clients whose servers were gone for two seconds no more than 50 return within 100 milliseconds. From 0 to 1.
    /// </value>
    public double ReconnectJitter { get; set; } = 0.5;

    /// <summary>
    /// After the session expired, a new one is made by itself. What belonged to the old one is gone all the same, and the state says so.
    /// </summary>
    /// <value>false: every operation fails until <see cref="ZooKeeperClient.RenewSessionAsync"/>.</value>
    public bool RenewSession { get; set; }

    /// <summary>A server without a quorum will do for reads, while none with a quorum is found.</summary>
    /// <value>false.</value>
    public bool AllowReadOnly { get; set; }

    /// <summary>The longest message in either direction: jute.maxbuffer, which the servers have a setting of their own for.</summary>
    /// <value>1,048,575 bytes, as on the servers.</value>
    public int MaxMessageBytes { get; set; } = 0xFFFFF;

    /// <summary>How many requests are under way at once; more wait their turn in the client.</summary>
    /// <value>4,096.</value>
    public int MaxOutstandingRequests { get; set; } = 4096;

    /// <summary>How many bytes of requests are ready to be sent at once; more wait their turn.</summary>
    /// <value>8 MiB, and never less than one message.</value>
    public int MaxOutstandingBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>How many requests wait their turn; more are refused.</summary>
    /// <value>100,000.</value>
    public int MaxWaitingRequests { get; set; } = 100_000;

    /// <summary>
    /// How long answers are held back for handlers of watches that were told of a change first. See <see cref="ZooKeeperClient"/>.
    /// </summary>
    /// <value>50 milliseconds; zero: not at all.</value>
    public TimeSpan WatchHandlerGrace { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>What the client says it is, on every connection.</summary>
    /// <value>Empty.</value>
    public IList<ZooKeeperAuthentication> Authentications { get; private set; } = [];

    /// <summary>A user and password for SASL (DIGEST-MD5).</summary>
    /// <value>null: no SASL.</value>
    public ZooKeeperSaslCredentials? Sasl { get; set; }

    /// <summary>
    /// TLS: the servers' secureClientPort, with the client's certificates if they ask for them. A target host that is not set is the
    /// server's name.
    /// </summary>
    /// <value>null: plain text.</value>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>What is wrong with the settings: each with its name, its value, and what would be right. Empty if nothing is.</summary>
    /// <remarks>Making a client asks for it too.</remarks>
    public IReadOnlyList<string> FindMistakes() => ZooKeeperOptionsValidator.FindMistakes(this);

    internal ZooKeeperOptions Copy()
    {
        var copy = (ZooKeeperOptions)MemberwiseClone();
        copy.Authentications = [.. Authentications];
        return copy;
    }
}
