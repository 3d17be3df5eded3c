using NearCache.Remote;

namespace NearCache.Ownership;

/// <summary>The lists of connections of memcached servers, each read at most once in 30 seconds, and only when requested.</summary>
/// <remarks>Listing its connections occupies a worker thread of the server. Failures count, too. Thread-safe.</remarks>
internal sealed class ServerListings(TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();   // guards the table
    private readonly Dictionary<string, (long At, Task<ServerConnections?> Read)> _listings = new(StringComparer.Ordinal);

    /// <summary>Returns the list of a server, which may be 30 seconds old.</summary>
    /// <param name="server">The server.</param>
    /// <param name="cancellationToken">Ends the wait; other callers keep waiting for the same reply.</param>
    /// <exception cref="Memcached.MemcachedException">The server did not answer.</exception>
    public async Task<ServerListing> ReadAsync(IRemoteServer server, CancellationToken cancellationToken)
    {
        (long At, Task<ServerConnections?> Read) listing;
        lock (_lock)
        {
            if (!_listings.TryGetValue(server.Name, out listing) || time.GetElapsedTime(listing.At) >= Period)
            {
                // Those that are too old, also of servers that are no longer in the list.
                foreach (var (name, old) in _listings)
                {
                    if (time.GetElapsedTime(old.At) >= Period)
                    {
                        _listings.Remove(name);
                    }
                }

                _listings[server.Name] = listing = (time.GetTimestamp(), server.ListConnectionsAsync());
            }
        }

        var connections = await listing.Read.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new ServerListing(connections, time.GetElapsedTime(listing.At));
    }
}

/// <summary>What a server has told of its connections.</summary>
/// <param name="Connections">The list; null if the server tells nothing of its connections.</param>
/// <param name="Age">The time since the server was asked.</param>
internal sealed record ServerListing(ServerConnections? Connections, TimeSpan Age);
