using NearCache.Management.Api.Models;
using NearCache.Management.Core;

namespace NearCache.Management.Api;

/// <summary>The routes of memcached servers.</summary>
internal static class ServerRoutes
{
    // A server has more connections than a page can show.
    private const int MostConnections = 500;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        ConsoleRoute.Get(ConsoleRoute.Fleet("memcached"), "The memcached servers.", ConsoleJson.Default.MemcachedModel, ServersAsync),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("memcached/connections"),
            "The connections of a server by owner. The server lists them at most twice a minute.",
            ConsoleJson.Default.PartOwnershipModel,
            ConnectionsAsync,
            "server"),
    ];

    private static async Task<MemcachedModel> ServersAsync(ConsoleRequest request)
    {
        var state = await request.StateAsync().ConfigureAwait(false);
        if (state is not { Reading: { } reading, Rates: { } rates })
        {
            throw new NearCacheException($"The servers are unknown: {OverviewMapping.Reason(state)}") { IsTransient = true };
        }

        return new MemcachedModel(
        [
            .. reading.Servers.Zip(ConnectionCount.Of(reading), (server, count) => new MemcachedServerModel(
                server.Name,
                server.Statistics.IsKnown ? "up" : "down",
                Part.Of(server.Statistics, statistics => Of(statistics, rates.Servers.GetValueOrDefault(server.Name))),
                Part.Of(server.Settings, settings => new ServerSettingsModel(
                    settings.IdleTimeout?.TotalSeconds, settings.MaxItemBytes, settings.Threads)),
                Part.Of(server.Namespace, found => new ServerNamespaceModel(
                    found.Writes, found.KeyPrefix, found.Identity, found.HasRules)),
                Part.Number(count.Expected),
                Part.Number(count.Unaccounted),
                Part.Of(reading.Reports, reports => reports.Servers.FirstOrDefault(one => one.Name == server.Name) is { } of
                    ? new ServerReportsModel(of.Reports, of.Unreadable, of.Problem)
                    : new ServerReportsModel(0, 0, "it was not asked for reports")))),
        ]);
    }

    private static StatisticsModel Of(FleetServerStatistics statistics, ServerRates? rates) => new(
        statistics.Version,
        statistics.Uptime?.TotalSeconds,
        statistics.Connections,
        statistics.MaxConnections,
        statistics.RejectedConnections,
        statistics.Bytes,
        statistics.MaxBytes,
        statistics.Items,
        statistics.Evictions,
        rates?.Evictions,
        statistics.Hits,
        statistics.Misses,
        statistics is { Hits: { } hits, Misses: { } misses } && hits + misses > 0 ? hits / (double)(hits + misses) : null);

    private static async Task<Part<OwnershipModel>> ConnectionsAsync(ConsoleRequest request)
    {
        var name = request.Text("server") ?? throw ConsoleProblem.Invalid("server must be the name of a memcached server.");
        var all = await request.SharedAsync("connections", Fresh, client => client.GetConnectionOwnersAsync()).ConfigureAwait(false);
        var found = all.FirstOrDefault(server => server.Server == name)
            ?? throw ConsoleProblem.NotFound($"There is no memcached server \"{name}\".");
        return found.Problem is { } problem ? new Part<OwnershipModel>(null, problem) : Part.Of(Of(found));
    }

    private static OwnershipModel Of(ConnectionOwnership found) => new(
        found.Server,
        found.Age.TotalSeconds,
        found.MissingReports,
        found.IsListed,
        found.Expected,
        found.Seen,
        found.Unaccounted,
        found.Foreign,
        found.ToString(),
        [
            .. found.Owners.Select(owner => new OwnerModel(
                Mapping.NameOf(owner.Kind),
                owner.ToString(),
                owner.Address,
                owner.Node,
                [.. owner.Processes.Select(Of)],
                owner.Expected,
                owner.Seen,
                owner.Unaccounted,
                owner.LongestIdle.TotalSeconds)),
        ],
        [.. found.NotSeen.Select(Of)],
        [
            .. found.Connections.Take(MostConnections).Select(connection => new ConnectionModel(
                connection.Address,
                connection.Port,
                connection.State,
                connection.IdleTime.TotalSeconds,
                Mapping.NameOf(connection.Kind),
                connection.ReportedBy)),
        ],
        found.Connections.Count);

    private static OwningProcessModel Of(OwningProcess process) =>
        new(process.Id, process.Host, process.Pod, process.ProcessId, process.Node);
}
