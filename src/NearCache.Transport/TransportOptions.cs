using System.Net;
using System.Net.Security;

namespace NearCache.Transport;

/// <summary>Options of a connection.</summary>
internal sealed record TransportOptions
{
    /// <summary>Gets the time limit for name resolution, every address, and the TLS handshake together.</summary>
    /// <value>1 second.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the time after which the system probes an idle connection.</summary>
    /// <value>15 seconds. Whole seconds; zero sends no probes.</value>
    public TimeSpan KeepAliveTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Gets the time between two unanswered probes.</summary>
    /// <value>5 seconds. Whole seconds.</value>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets the number of unanswered probes after which the connection is lost.</summary>
    /// <value>3.</value>
    public int KeepAliveRetries { get; init; } = 3;

    /// <summary>Gets the TLS settings, or null for plain text. If no target host is set, the server's host is used.</summary>
    /// <value>null.</value>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>Gets the function that resolves a host name; called for every connection.</summary>
    /// <value>The system's resolver, by <see cref="NameResolver"/>.</value>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = NameResolver.Default.ResolveAsync;
}
