using System.Net;
using NearCache.Reports;

namespace NearCache.Ownership;

/// <summary>Reads the connections that processes report: all summaries, and the detail of each process that has not ended.</summary>
/// <param name="read">Reads all summaries.</param>
/// <param name="details">Reads the details.</param>
internal sealed class ReportedConnections(Func<CancellationToken, Task<FleetReports>> read, ProcessReportReader details)
    : IConnectionReports
{
    /// <inheritdoc/>
    public async Task<ConnectionReports> ReadAsync(IReadOnlyList<string> servers, CancellationToken cancellationToken)
    {
        var found = await read(cancellationToken).ConfigureAwait(false);
        ProcessReport[] reporting =
            [.. found.Processes.Where(process => process is { Status: not ProcessReportStatus.Ended, Summary: not null })];
        var byId = await details.ReadDetailsAsync(reporting.Select(process => process.Id), cancellationToken).ConfigureAwait(false);

        var processes = ProcessesOf(reporting, byId);
        return new ConnectionReports(
            servers.Select((name, index) => (name, index)).ToDictionary(
                server => server.name,
                IReadOnlyList<ReportedProcess> (server) =>
                    [.. processes.Select(caches => Of(server.name, server.index, servers.Count, caches, byId))]),
            MissingOf(found));
    }

    // The caches of one process may share their connections. Containers with the network of their machine have equal hosts, and each has a
    // process 1: no two of these share a connection.
    private static IReadOnlyList<ProcessReport[]> ProcessesOf(
        ProcessReport[] reporting, IReadOnlyDictionary<string, ProcessDetail> details)
    {
        var processes = new List<(List<ProcessReport> Caches, HashSet<string> Locals)>();
        foreach (var same in reporting.GroupBy(cache => (cache.Summary!.Host, cache.Summary.Pod, cache.Summary.ProcessId)))
        {
            var first = processes.Count;
            foreach (var cache in same)
            {
                var locals = (details.GetValueOrDefault(cache.Id)?.Servers ?? [])
                    .SelectMany(server => server.Connections, (_, connection) => connection.Local)
                    .ToHashSet(StringComparer.Ordinal);
                var found = processes.FindIndex(
                    first, process => locals.Count == 0 || process.Locals.Count == 0 || process.Locals.Overlaps(locals));
                if (found < 0)
                {
                    processes.Add(([cache], locals));
                }
                else
                {
                    processes[found].Caches.Add(cache);
                    processes[found].Locals.UnionWith(locals);
                }
            }
        }

        return [.. processes.Select(process => process.Caches.ToArray())];
    }

    private static ReportedProcess Of(
        string server, int index, int servers, ProcessReport[] caches, IReadOnlyDictionary<string, ProcessDetail> details)
    {
        var first = caches[0].Summary!;
        var locals = caches
            .SelectMany(cache =>
                details.GetValueOrDefault(cache.Id)?.Servers.FirstOrDefault(each => each.Name == server)?.Connections ?? [])
            .Select(connection => IPEndPoint.TryParse(connection.Local, out var local) ? Plain(local) : null)
            .OfType<IPEndPoint>()
            .Distinct();
        return new ReportedProcess
        {
            Owner = new OwningProcess
            {
                Id = first.Id,
                Host = first.Host,
                Pod = first.Pod,
                ProcessId = first.ProcessId,
                Node = first.Node,
            },
            Connections = [.. locals],
            NodeAddresses = (first.NodeAddress ?? details.GetValueOrDefault(first.Id)?.NodeAddress) is { } address
                && IPAddress.TryParse(address, out var node) ? [Plain(node).ToString()] : [],

            // A summary names no servers; with another list of servers its counts mean nothing here.
            Expected = caches.Max(cache => cache.Summary!.Connections is { } counts && counts.Count == servers ? counts[index] : 0),
            IsSilent = Array.TrueForAll(caches, cache => cache.Status == ProcessReportStatus.Silent),
        };
    }

    // As a server prints it: an IPv4 address as such, and a link-local one without the interface, which only its machine knows.
    private static IPAddress Plain(IPAddress address) =>
        address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : new IPAddress(address.GetAddressBytes());

    private static IPEndPoint Plain(IPEndPoint end) => new(Plain(end.Address), end.Port);

    private static string? MissingOf(FleetReports found)
    {
        var without = found.Processes.Count(process => process.Status == ProcessReportStatus.NoReport);
        string[] reasons =
        [
            .. without == 0 ? (string[])[] : [$"{without} members of the namespace have no report"],
            .. found.MembersUnknown is { } why ? [$"processes without a report are not known: {why}"] : (string[])[],
            .. found.Servers.Where(server => server.Problem is not null).Select(server => $"{server.Name}: {server.Problem}"),
        ];
        return reasons.Length == 0 ? null : string.Join("; ", reasons);
    }
}
