namespace NearCache.Observing;

/// <summary>Follows the processes of a fleet until each has obeyed, or cannot say, or the time is over.</summary>
/// <param name="read">Reads the processes, each judged by what it reports.</param>
/// <param name="time">The clock.</param>
internal sealed class ObedienceWatch(Func<CancellationToken, Task<Observed<FleetObedience>>> read, TimeProvider time)
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>Waits for every process that may still say that it has obeyed, and returns what the last reading showed.</summary>
    /// <param name="limit">The longest wait. Zero reads once.</param>
    /// <param name="progress">Receives what each reading shows; null for nothing.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<Observed<FleetObedience>> WaitAsync(
        TimeSpan limit, Action<FleetObedience>? progress, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var obedience = await read(cancellationToken).ConfigureAwait(false);
            if (obedience.IsKnown)
            {
                progress?.Invoke(obedience.Value);
            }

            if (obedience is { IsKnown: true, Value.IsAwaited: false } || time.GetElapsedTime(started) + Period > limit)
            {
                return obedience;
            }

            await Task.Delay(Period, time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Judges each process by its newest report. A process that has ended has nothing to obey.</summary>
    /// <param name="reports">The reports.</param>
    /// <param name="hasObeyed">Whether a report shows obedience; null if it has no room to say.</param>
    public static Observed<FleetObedience> Judge(FleetReports reports, Func<ProcessSummary, bool?> hasObeyed)
    {
        var judged = reports.Processes
            .Where(process => process.Status != ProcessReportStatus.Ended)
            .Select(process => Judge(process, hasObeyed))
            .ToLookup(process => process.HasObeyed, process => process.Process);
        string[] unlisted =
        [
            .. reports.MembersUnknown is { } why ? [$"processes without a report are not listed: {why}"] : Array.Empty<string>(),
            .. reports.Servers.Where(server => server.Problem is not null).Select(server => $"{server.Name}: {server.Problem}"),
        ];
        return Observed<FleetObedience>.Of(new FleetObedience
        {
            IsAwaited = reports.Processes.Any(process => IsAwaited(process, hasObeyed, areReportsLost: unlisted.Length > 0)),
            Obeyed = [.. judged[true]],
            NotYet = [.. judged[false]],
            CannotSay = [.. judged[null]],
            Unlisted = unlisted.Length == 0 ? null : string.Join("; ", unlisted),
        });
    }

    // A silent process has missed the time in which a living one reports, and an older version never reports. A member without a report is
    // waited for only where its report may be lost, since then the next one is stored within seconds.
    private static bool IsAwaited(ProcessReport report, Func<ProcessSummary, bool?> hasObeyed, bool areReportsLost) => report.Status switch
    {
        ProcessReportStatus.Live => report.Summary is not { } summary || hasObeyed(summary) != true,
        ProcessReportStatus.NoReport => areReportsLost,
        _ => false,
    };

    // A silent process that had not obeyed when it last reported may have obeyed since. One that had, still does.
    private static (bool? HasObeyed, FleetProcess Process) Judge(ProcessReport report, Func<ProcessSummary, bool?> hasObeyed)
    {
        var (summary, member) = (report.Summary, report.Member);
        var judged = summary is null ? null : hasObeyed(summary);
        var isSilent = report.Status == ProcessReportStatus.Silent;
        var version = summary?.Version ?? member?.Version;
        var reason = summary is null ? $"no report ({(version is null ? "version unknown" : $"version {version}")})"
            : judged is null ? "it has more stops than its report has room for"
            : judged is false && isSilent ? $"silent for {report.Age?.TotalSeconds:0} s"
            : null;
        return (reason is null ? judged : null, new FleetProcess
        {
            Id = report.Id,
            Host = summary?.Pod ?? summary?.Host ?? member?.Host,
            ProcessId = summary?.ProcessId ?? member?.ProcessId,
            Version = version,
            Reason = reason,
        });
    }
}
