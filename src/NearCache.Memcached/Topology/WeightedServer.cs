namespace NearCache.Memcached.Topology;

/// <summary>Represents a server to an <see cref="IServerLocator"/>.</summary>
public sealed record WeightedServer
{
    /// <summary>Gets the host as configured; it is never replaced by a resolved address. For a Unix domain socket, its path.</summary>
    public required string Host { get; init; }

    /// <summary>Gets the port. For a Unix domain socket, 0.</summary>
    public required int Port { get; init; }

    /// <summary>Gets the server's share of the keys, relative to the other servers.</summary>
    /// <value>1 by default.</value>
    public int Weight { get; init; } = 1;

    /// <summary>Throws unless a locator can be created for the servers.</summary>
    /// <exception cref="ArgumentException">There is no server, or the locator does not support one of the weights.</exception>
    internal static void Check(IReadOnlyList<WeightedServer> servers, bool supportsWeights)
    {
        ArgumentNullException.ThrowIfNull(servers);
        if (servers.Count == 0)
        {
            throw new ArgumentException("A locator requires at least one server.", nameof(servers));
        }

        if (servers.Any(server => supportsWeights ? server.Weight < 1 : server.Weight != 1))
        {
            throw new ArgumentException(
                supportsWeights
                    ? "A weight must be at least 1."
                    : "This locator does not support weights: each weight must be 1.", nameof(servers));
        }
    }
}
