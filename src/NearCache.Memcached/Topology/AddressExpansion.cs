using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NearCache.Transport;

namespace NearCache.Memcached.Topology;

/// <summary>Replaces a name in the list of servers by its addresses, each a server of its own.</summary>
internal static class AddressExpansion
{
    /// <summary>
    /// A resolver that resolves nothing, for a list whose names are replaced by their addresses: nothing connects to a name before.
    /// </summary>
    public static Task<IPAddress[]> Refuse(string host, CancellationToken cancellationToken) =>
        Task.FromException<IPAddress[]>(new SocketException((int)SocketError.TryAgain));

    /// <summary>Returns the entries for the addresses of an entry, in their order; null if its name cannot be resolved now.</summary>
    /// <param name="entry">An entry of the list of servers.</param>
    /// <param name="options">The settings, with the resolver.</param>
    /// <param name="time">The clock of the time limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<IReadOnlyList<string>?> ExpandAsync(
        string entry, MemcachedOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var parsed = ServerEntry.Parse(entry);
        var address = parsed.Address;
        if (address.UnixPath is not null || IPAddress.TryParse(address.Host, out _))
        {
            return [entry];
        }

        try
        {
            var resolve = options.Resolve ?? NameResolver.Default.ResolveAsync;
            var addresses = await resolve(address.Host, cancellationToken)
                .WaitAsync(options.ConnectTimeout, time, cancellationToken)
                .ConfigureAwait(false);
            return addresses.Length == 0
                ? null
                : [.. addresses.Distinct().Select(each => Entry(each, address.Port, parsed.Weight)).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return null;
        }
    }

    private static string Entry(IPAddress address, int port, int weight)
    {
        var server = new IPEndPoint(address, port).ToString();
        return weight == 1 ? server : string.Create(CultureInfo.InvariantCulture, $"{server} weight={weight}");
    }
}
