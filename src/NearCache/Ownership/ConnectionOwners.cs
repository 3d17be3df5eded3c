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
        var reported = await reports.ReadAsync([.. asked.Select(server => server.Name)], cancellationToken).ConfigureAwait(false);
        var owners = new ConnectionOwnership[asked.Length];
        for (var i = 0; i < asked.Length; i++)
        {
            var (listing, problem) = await listings[i].ConfigureAwait(false);
            var processes = reported.ByServer.GetValueOrDefault(asked[i].Name) ?? [];
            owners[i] = Of(asked[i].Name, listing?.Connections, problem, processes) with
            {
                Age = listing?.Age ?? TimeSpan.Zero,
                MissingReports = reported.Missing,
            };
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

    private async Task<(ServerListing? Listing, string? Problem)> ReadAsync(IRemoteServer server, CancellationToken cancellationToken)
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
    /// <summary>Reads the reports for each of the given servers.</summary>
    Task<ConnectionReports> ReadAsync(IReadOnlyList<string> servers, CancellationToken cancellationToken);
}

/// <summary>What processes report of their connections.</summary>
/// <param name="ByServer">The processes of each server, by the server's name.</param>
/// <param name="Missing">Why reports may be missing; null if none are.</param>
internal sealed record ConnectionReports(IReadOnlyDictionary<string, IReadOnlyList<ReportedProcess>> ByServer, string? Missing = null);
