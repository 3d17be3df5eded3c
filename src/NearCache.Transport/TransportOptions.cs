using System.Net;
using System.Net.Security;

namespace NearCache.Transport;

/// <summary>How a connection is made and kept.</summary>
internal sealed record TransportOptions
{
    /// <summary>For everything until the connection can be used: name resolution, every address, the TLS handshake.</summary>
    /// <value>1 second.</value>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an idle connection stays silent before the system asks whether the peer is still there.</summary>
    /// <value>15 seconds. Whole seconds; zero sends no probes.</value>
    public TimeSpan KeepAliveTime { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Between two such questions without an answer.</summary>
    /// <value>5 seconds. Whole seconds.</value>
    public TimeSpan KeepAliveInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Questions without an answer after which the connection is lost.</summary>
    /// <value>3.</value>
    public int KeepAliveRetries { get; init; } = 3;

    /// <summary>TLS settings, or null for plain text. A target host that is not set is the server's host.</summary>
    /// <value>null.</value>
    public SslClientAuthenticationOptions? Tls { get; init; }

    /// <summary>Finds the addresses of a name; asked anew for every connection.</summary>
    /// <value>The system's resolver, by <see cref="NameResolver"/>.</value>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = NameResolver.Default.ResolveAsync;
}
