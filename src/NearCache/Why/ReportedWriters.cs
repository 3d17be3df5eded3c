using NearCache.Coherence.Core;

namespace NearCache.Why;

/// <summary>Names the writers of keys by the reports of all processes.</summary>
/// <param name="read">Reads the reports.</param>
internal sealed class ReportedWriters(Func<CancellationToken, Task<FleetReports>> read) : IWriterNames
{
    /// <inheritdoc/>
    public async ValueTask<IReadOnlyDictionary<WriterId, DiagnosedWriter>> FindAsync(
        IReadOnlyCollection<WriterId> ids, CancellationToken cancellationToken)
    {
        var found = await read(cancellationToken).ConfigureAwait(false);

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
