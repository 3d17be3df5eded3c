namespace NearCache.Memcached.Topology;

/// <summary>A server as a ring sees it.</summary>
/// <param name="Host">The host as it was written, never its address looked up; for a Unix domain socket its path.</param>
/// <param name="Port">The port; 0 for a Unix domain socket.</param>
/// <param name="Weight">Its share of the keys, relative to the others. A locator may know only equal ones.</param>
public readonly record struct WeightedServer(string Host, int Port, int Weight = 1)
{
    internal static void Check(IReadOnlyList<WeightedServer> servers, bool knowsWeights)
    {
        ArgumentNullException.ThrowIfNull(servers);
        if (servers.Count == 0)
        {
            throw new ArgumentException("A ring is made of at least one server.", nameof(servers));
        }

        if (servers.Any(server => knowsWeights ? server.Weight < 1 : server.Weight != 1))
        {
            throw new ArgumentException(
                knowsWeights ? "A weight is at least 1." : "This ring knows no weights: all must be 1.", nameof(servers));
        }
    }
}
