using NearCache.Coherence.Core;
using NearCache.Reports;

namespace NearCache.Why;

/// <summary>Names the writers of keys by the reports of all processes, which it reads at once.</summary>
internal sealed class ReportedWriters(ProcessReportReader reports) : IWriterNames
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<WriterId, DiagnosedWriter>> FindAsync(
        IReadOnlyCollection<WriterId> ids, CancellationToken cancellationToken)
    {
        var found = await reports.ReadAsync(members: null, cancellationToken).ConfigureAwait(false);

        // A short id of two processes names neither.
        return found.Processes
            .Where(process => process.Summary is not null)
            .GroupBy(process => WriterId.Of(process.Id))
            .Where(same => ids.Contains(same.Key) && same.Count() == 1)
            .ToDictionary(same => same.Key, same => Describe(same.Key, same.First().Summary!));
    }

    private static DiagnosedWriter Describe(WriterId id, ProcessSummary summary) => new()
    {
        ShortId = id.ToString(),
        Id = summary.Id,
        Host = summary.Host,
        Pod = summary.Pod,
        ProcessId = summary.ProcessId,
    };
}
