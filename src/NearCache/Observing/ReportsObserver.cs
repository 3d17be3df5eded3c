using NearCache.Reports;

namespace NearCache.Observing;

/// <summary>Observes the reports of the processes of a fleet, together with its members.</summary>
/// <param name="reader">Reads the reports; null if no memcached server is configured.</param>
/// <param name="members">Reads the members.</param>
/// <param name="observation">Reads parts of answers.</param>
internal sealed class ReportsObserver(
    ProcessReportReader? reader,
    Func<CancellationToken, Task<Observed<IReadOnlyList<FleetMember>>>> members,
    Observation observation)
{
    private const string NoReader = "no memcached server is configured (Memcached:Servers), so there are no reports";

    /// <summary>Reads all reports. Without members, the answer says which processes may be missing from it.</summary>
    public async Task<Observed<FleetReports>> ReadAsync(CancellationToken cancellationToken)
    {
        if (reader is null)
        {
            return Observed<FleetReports>.Missing(NoReader);
        }

        var known = await members(cancellationToken).ConfigureAwait(false);
        var reports = await observation.OfAsync("memcached", token => reader.ReadAsync(known.Value, token), cancellationToken)
            .ConfigureAwait(false);
        return reports.Select(read => read.Processes.Count == 0 && !known.IsKnown
            ? Observed<FleetReports>.Missing(string.Join("; ",
            [
                "no report was found",
                known.Unknown!,
                .. read.Servers.Where(server => server.Problem is not null).Select(server => $"{server.Name}: {server.Problem}"),
            ]))
            : Observed<FleetReports>.Of(read with { MembersUnknown = known.Unknown }));
    }

    /// <summary>Reads all reports, or none with the reason.</summary>
    public async Task<FleetReports> ReadKnownAsync(CancellationToken cancellationToken) =>
        await ReadAsync(cancellationToken).ConfigureAwait(false) switch
        {
            { IsKnown: true, Value: var reports } => reports,
            { Unknown: var why } => new FleetReports { Processes = [], Servers = [], MembersUnknown = why },
        };

    /// <summary>Reads the long report of one process.</summary>
    public async Task<Observed<ProcessDetail>> ReadDetailAsync(string id, CancellationToken cancellationToken)
    {
        if (reader is null)
        {
            return Observed<ProcessDetail>.Missing(NoReader);
        }

        var detail = await observation.OfAsync("memcached", token => reader.ReadDetailAsync(id, token), cancellationToken)
            .ConfigureAwait(false);
        return detail switch
        {
            { IsKnown: false } => Observed<ProcessDetail>.Missing(detail.Unknown),
            { Value: { } found } => Observed<ProcessDetail>.Of(found),
            _ => Observed<ProcessDetail>.Missing($"no server that replies has a long report of process {id}"),
        };
    }
}
