using System.Net;
using NearCache.Reports;

namespace NearCache.Ownership;

/// <summary>Reads the connections that processes report: all summaries, and the detail of each process that reports now.</summary>
internal sealed class ReportedConnections(ProcessReportReader reports) : IConnectionReports
{
    // The details that are read at once.
    private const int InGroup = 64;

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, IReadOnlyList<ReportedProcess>>> ReadAsync(
        IReadOnlyList<string> servers, CancellationToken cancellationToken)
    {
        var found = await reports.ReadAsync(members: null, cancellationToken).ConfigureAwait(false);
        var live = new List<(ProcessSummary Summary, ProcessDetail? Detail)>();
        var reporting = found.Processes.Where(process => process is { Status: ProcessReportStatus.Live, Summary: not null });
        foreach (var group in reporting.Chunk(InGroup))
        {
            live.AddRange(await Task.WhenAll(group.Select(
                async process => (process.Summary!, await reports.ReadDetailAsync(process.Id, cancellationToken).ConfigureAwait(false))))
                .ConfigureAwait(false));
        }

        // The caches of one process may share their connections.
        var processes = live.GroupBy(cache => (cache.Summary.Host, cache.Summary.Pod, cache.Summary.ProcessId)).ToArray();
        return servers.Select((name, index) => (name, index)).ToDictionary(
            server => server.name,
            IReadOnlyList<ReportedProcess> (server) =>
                [.. processes.Select(caches => Of(server.name, server.index, servers.Count, [.. caches]))]);
    }

    private static ReportedProcess Of(string server, int index, int servers, (ProcessSummary Summary, ProcessDetail? Detail)[] caches)
    {
        var first = caches[0].Summary;
        var locals = caches
            .SelectMany(cache => cache.Detail?.Servers.FirstOrDefault(each => each.Name == server)?.Connections ?? [])
            .Select(connection => IPEndPoint.TryParse(connection.Local, out var local) ? local : null)
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

            // A summary names no servers; with another list of servers its counts mean nothing here.
            Expected = caches.Max(cache => cache.Summary.Connections is { } counts && counts.Count == servers ? counts[index] : 0),
        };
    }
}
