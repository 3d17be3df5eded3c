using System.Net.Security;
using NearCache.Configuration;

namespace NearCache.RabbitMq;

/// <summary>The settings of RabbitMQ as a carrier of announcements. Copied when the cache is created.</summary>
/// <remarks>
/// The budgets of messages are <see cref="BudgetOptions.MessagesPerProcess"/> and <see cref="BudgetOptions.MessagesPerNamespace"/>.
/// In configuration durations are written <c>hh:mm:ss</c>, and an unknown name is an error. See <c>docs/carriers.md</c>.
/// </remarks>
public sealed class RabbitMqOptions
{
    internal const int DefaultPort = 5672;
    internal const int DefaultTlsPort = 5671;

    /// <summary>
    /// Gets the nodes of the broker, each <c>host</c> or <c>host:port</c>. A process connects to one of them, in random order.
    /// </summary>
    /// <value>Default: empty. At least one is required. The default port is 5672, or 5671 with TLS.</value>
    public IList<string> Hosts { get; private set; } = [];

    /// <summary>Gets or sets the virtual host.</summary>
    /// <value>Default: <c>/</c>.</value>
    public string VirtualHost { get; set; } = "/";

    /// <summary>Gets or sets the name of the user.</summary>
    /// <value>Default: <c>guest</c>, which RabbitMQ accepts from its own machine only.</value>
    public string UserName { get; set; } = "guest";

    /// <summary>Gets or sets the password of the user.</summary>
    /// <value>Default: <c>guest</c>.</value>
    public string Password { get; set; } = "guest";

    /// <summary>Gets or sets the settings of TLS.</summary>
    /// <value>
    /// Null, the default, connects without TLS. In configuration <c>true</c> sets the defaults of the platform: the certificate of the
    /// broker must be valid for its host name.
    /// </value>
    /// <remarks>
    /// The client library applies the host name, the protocols, the client certificates, the check of revocation and the callbacks. Other
    /// settings, such as <see cref="SslClientAuthenticationOptions.CertificateChainPolicy"/>, are refused when the host starts.
    /// </remarks>
    public SslClientAuthenticationOptions? Tls { get; set; }

    /// <summary>Gets or sets the name of the fanout exchange. All processes of a namespace need the same name.</summary>
    /// <value>Null, the default, uses <c>nearcache.</c> and the namespace.</value>
    public string? Exchange { get; set; }

    /// <summary>
    /// Gets or sets a value indicating whether a process declares the exchange. Set it to false where an administrator has declared it, and
    /// the user may not configure it.
    /// </summary>
    /// <value>Default: true. The exchange is removed with its last queue.</value>
    public bool DeclareExchange { get; set; } = true;

    /// <summary>
    /// Gets or sets the most messages that wait in the queue of a process. The oldest are dropped when a process is slow, and audits make
    /// up for them.
    /// </summary>
    /// <value>Default: 1,000. At most 100,000. A message has at most 11 KB.</value>
    public int QueueLength { get; set; } = 1_000;

    /// <summary>Gets or sets the time after which a message that waits in the queue of a process is dropped.</summary>
    /// <value>Default: 10 s. From 1 s to 5 minutes.</value>
    public TimeSpan MessageLifetime { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets or sets the time that an attempt to connect to a node may take, and the time for a reply of it.</summary>
    /// <value>Default: 5 s. At most 1 minute.</value>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets the interval of heartbeats, which the broker may shorten. A connection on which nothing arrives for twice the interval
    /// is closed.
    /// </summary>
    /// <value>Default: 10 s. Whole seconds from 1 s to 1 minute.</value>
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gets the path of the configuration section these settings were read from; empty for none.</summary>
    internal string Source { get; set; } = "";

    /// <summary>Gets the errors found while the settings were read from configuration.</summary>
    internal List<string> BindingErrors { get; } = [];

    internal static void Read(SettingsReader reader, RabbitMqOptions options)
    {
        reader.Texts(nameof(Hosts), options.Hosts);
        reader.Text(nameof(VirtualHost), value => options.VirtualHost = value);
        reader.Text(nameof(UserName), value => options.UserName = value);
        reader.Text(nameof(Password), value => options.Password = value);
        reader.Switch(nameof(Tls), value => options.Tls = value ? options.Tls ?? new SslClientAuthenticationOptions() : null);
        reader.Text(nameof(Exchange), value => options.Exchange = value);
        reader.Switch(nameof(DeclareExchange), value => options.DeclareExchange = value);
        reader.Number(nameof(QueueLength), value => options.QueueLength = value);
        reader.Duration(nameof(MessageLifetime), value => options.MessageLifetime = value);
        reader.Duration(nameof(ConnectTimeout), value => options.ConnectTimeout = value);
        reader.Duration(nameof(Heartbeat), value => options.Heartbeat = value);
        reader.Finish();
    }

    /// <summary>Returns whether two caches may share a connection.</summary>
    internal static bool ShareConnection(RabbitMqOptions one, RabbitMqOptions other) =>
        one.Hosts.SequenceEqual(other.Hosts, StringComparer.OrdinalIgnoreCase)
        && (one.VirtualHost, one.UserName, one.Password, one.ConnectTimeout, one.Heartbeat)
            == (other.VirtualHost, other.UserName, other.Password, other.ConnectTimeout, other.Heartbeat)
        && SettingsEquality.Are(one.Tls, other.Tls);

    internal RabbitMqOptions Copy()
    {
        var copy = (RabbitMqOptions)MemberwiseClone();
        copy.Hosts = [.. Hosts];
        return copy;
    }
}
