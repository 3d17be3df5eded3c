using System.Net;
using NearCache.Composition;
using NearCache.Ownership;

namespace NearCache.Observing;

/// <summary>Adds the connections of an observer, which is no process of the fleet, to those that processes report.</summary>
/// <param name="reported">The connections of the processes.</param>
/// <param name="servers">The servers with the connections of the observer.</param>
internal sealed class ObserverConnections(IConnectionReports reported, ServerObserver servers) : IConnectionReports
{
    private static readonly OwningProcess Self = new()
    {
        Id = "",
        IsThisClient = true,
        Host = Environment.MachineName,
        ProcessId = Environment.ProcessId,
    };

    /// <inheritdoc/>
    public async Task<ConnectionReports> ReadAsync(IReadOnlyList<string> names, CancellationToken cancellationToken)
    {
        var found = await reported.ReadAsync(names, cancellationToken).ConfigureAwait(false);
        return found with
        {
            ByServer = found.ByServer.ToDictionary(
                server => server.Key,
                IReadOnlyList<ReportedProcess> (server) => [.. server.Value, Own(server.Key)]),
        };
    }

    private ReportedProcess Own(string server)
    {
        var own = servers.Connections.Where(connection => connection.Server == server).ToArray();
        return new ReportedProcess
        {
            Owner = Self,
            Expected = own.Length,
            Connections = [.. own.Select(connection => OwnedConnections.LocalOf(connection.Local)).OfType<IPEndPoint>()],
        };
    }
}
