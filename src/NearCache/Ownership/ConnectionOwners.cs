using NearCache.Memcached;
using NearCache.Remote;

namespace NearCache.Ownership;

/// <summary>Finds the owners of the connections of memcached servers, by the lists of the servers and the reports of processes.</summary>
/// <param name="servers">Returns the present servers.</param>
/// <param name="reports">The reports.</param>
/// <param name="time">The clock that limits how often a server is asked.</param>
internal sealed class ConnectionOwners(Func<IEnumerable<IRemoteServer>> servers, IConnectionReports reports, TimeProvider time)
{
    private readonly ServerListings _listings = new(time);

    /// <summary>Reads the owners of the connections of each server. A server that does not answer has only a problem.</summary>
    public async Task<IReadOnlyList<ConnectionOwnership>> ReadAsync(CancellationToken cancellationToken)
    {
        var asked = servers().ToArray();
        var listings = asked.Select(server => ReadAsync(server, cancellationToken)).ToArray();
        var processes = await reports.ReadAsync([.. asked.Select(server => server.Name)], cancellationToken).ConfigureAwait(false);
        var owners = new ConnectionOwnership[asked.Length];
        for (var i = 0; i < asked.Length; i++)
        {
            var (listing, problem) = await listings[i].ConfigureAwait(false);
            owners[i] = Of(asked[i].Name, listing, problem, processes.GetValueOrDefault(asked[i].Name) ?? []);
        }

        return owners;
    }

    private static ConnectionOwnership Of(
        string server, ServerConnections? listing, string? problem, IReadOnlyList<ReportedProcess> processes) =>
        listing is null ? ConnectionAttribution.Of(server, count: 0, processes) with
        {
            Problem = problem ?? "the server tells nothing of its connections",
        }
        : listing.Listed is { } listed ? ConnectionAttribution.Of(server, listed, processes)
        : ConnectionAttribution.Of(server, listing.Count, processes);

    private async Task<(ServerConnections? Listing, string? Problem)> ReadAsync(IRemoteServer server, CancellationToken cancellationToken)
    {
        try
        {
            return (await _listings.ReadAsync(server, cancellationToken).ConfigureAwait(false), null);
        }
        catch (MemcachedException e)
        {
            return (null, e.Message);
        }
    }
}

/// <summary>Reads what processes report of their connections.</summary>
internal interface IConnectionReports
{
    /// <summary>Reads the reports for each of the given servers, by the server's name.</summary>
    Task<IReadOnlyDictionary<string, IReadOnlyList<ReportedProcess>>> ReadAsync(
        IReadOnlyList<string> servers, CancellationToken cancellationToken);
}
