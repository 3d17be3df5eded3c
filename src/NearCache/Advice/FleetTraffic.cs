using NearCache.Advice.Core;
using NearCache.Reports;

namespace NearCache.Advice;

/// <summary>Reads what the processes of a fleet report of their keys and rules, and merges it.</summary>
/// <param name="namespace">The namespace.</param>
/// <param name="reader">Reads the reports.</param>
internal sealed class FleetTraffic(string @namespace, ProcessReportReader reader)
{
    /// <summary>The greatest number of processes whose long reports are read: two megabytes.</summary>
    public const int MaxProcesses = 256;

    private readonly TrafficMerge _merge = new(@namespace);

    /// <summary>Reads and merges the reports.</summary>
    /// <param name="own">The present figures of the calling process, in place of its report; null for none.</param>
    /// <param name="cancellationToken">Cancels the wait for the servers.</param>
    /// <exception cref="NearCacheException">No server has replied.</exception>
    public async Task<FleetHotKeys> ReadAsync(ProcessDetail? own, CancellationToken cancellationToken)
    {
        var reports = await reader.ReadAsync(members: null, cancellationToken).ConfigureAwait(false);
        if (own is null && reports.Processes.Count == 0 && reports.Servers.FirstOrDefault(server => server.Problem is not null) is { } down)
        {
            throw new NearCacheException($"No report was found: {down.Name}: {down.Problem}") { IsTransient = true };
        }

        string[] others =
        [
            .. reports.Processes.Where(process => process.Status == ProcessReportStatus.Live && process.Id != own?.Id)
                .Select(process => process.Id),
        ];
        var details = await reader.ReadDetailsAsync(SampleOf(others), cancellationToken).ConfigureAwait(false);
        return _merge.Merge(own is null ? [.. details.Values] : [.. details.Values, own], others.Length + (own is null ? 0 : 1));
    }

    // Every n-th process: ids are random.
    private static string[] SampleOf(string[] ids) =>
        ids.Length <= MaxProcesses
            ? ids
            : [.. Enumerable.Range(0, MaxProcesses).Select(index => ids[(int)((long)index * ids.Length / MaxProcesses)])];
}
