using NearCache.Cli.Doctoring;
using NearCache.Cli.Output;

namespace NearCache.Cli.Commands;

/// <summary>What <c>top</c> shows, as it was read at one time.</summary>
internal sealed record TopReading(
    string Namespace,
    DateTimeOffset At,
    long Timestamp,
    TimeProvider Time,
    Observed<FleetReports> Reports,
    Observed<RegistrySnapshot> Rules,
    Observed<IReadOnlyList<RuleUsage>> Usage,
    IReadOnlyList<FleetServer> Servers,
    Observed<FleetHotKeys>? HotKeys)
{
    // Each process is asked for a long report, and a large fleet would use up the budget of the other parts.
    private const int MaxProcessesWithKeys = 50;

    public static async Task<TopReading> ReadAsync(FleetClient client, TimeProvider time, CancellationToken cancellationToken)
    {
        var reading = client.GetReportsAsync(cancellationToken);
        var servers = client.GetServersAsync(cancellationToken);
        var rules = await client.GetRulesAsync(cancellationToken).ConfigureAwait(false);
        var usage = await client.GetUsageAsync(cancellationToken).ConfigureAwait(false);
        var reports = await reading.ConfigureAwait(false);
        var hotKeys = reports.Value?.Processes.Count is <= MaxProcessesWithKeys
            ? await client.GetHotKeysAsync(cancellationToken).ConfigureAwait(false)
            : null;
        return new TopReading(
            client.Namespace, time.GetUtcNow(), time.GetTimestamp(), time, reports, rules.Current, usage,
            await servers.ConfigureAwait(false), hotKeys);
    }

    /// <summary>Returns the seconds since an earlier reading.</summary>
    public double Since(TopReading earlier) => Math.Max(Time.GetElapsedTime(earlier.Timestamp, Timestamp).TotalSeconds, 0.1);
}

/// <summary>A process in <c>top</c>, with rates since the reading before where its report is a newer one.</summary>
internal sealed record TopProcess(ProcessReport Report, double? Hits, double? Reads, double? Failures)
{
    /// <summary>Gets the cells of its row.</summary>
    public IReadOnlyList<string> Cells => Report.Summary is { } summary
        ?
        [
            FleetReading.NameOf(summary), ProcessesCommand.StateOf(Report), Rate(Hits), Rate(Reads), Rate(Failures),
            summary.ConfirmedBefore is { } staleness ? Words.Of(staleness)
                : "unconfirmed", Words.Of(summary.ThreadPoolDelay), summary.Version,
        ]
        : [FleetReading.NameOf(Report), ProcessesCommand.StateOf(Report), "", "", "", "", "", Report.Member?.Version ?? ""];

    /// <summary>Gets the carriers that do not deliver to it; empty if all do.</summary>
    public string SilentCarriers => ProcessesCommand.SilentCarriersOf(Report);

    /// <summary>Returns the processes of a reading in an order.</summary>
    public static IReadOnlyList<TopProcess> Of(TopReading before, TopReading now, string sort)
    {
        var earlier = (before.Reports.Value?.Processes ?? []).Where(process => process.Summary is not null)
            .ToDictionary(process => process.Id, StringComparer.Ordinal);
        var all = (now.Reports.Value?.Processes ?? []).Where(process => process.Status != ProcessReportStatus.Ended)
            .Select(process => Of(process, earlier.GetValueOrDefault(process.Id), now.Since(before)));
        return
        [
            .. sort switch
            {
                "name" => all.OrderBy(one => one.Cells[0], StringComparer.Ordinal),
                "reads" => all.OrderByDescending(one => one.Reads),
                "failures" => all.OrderByDescending(one => one.Failures),
                "delay" => all.OrderByDescending(one => one.Report.Summary?.ThreadPoolDelay),
                "staleness" => all.OrderByDescending(one =>
                    one.Report.Summary is { } summary ? summary.ConfirmedBefore ?? TimeSpan.MaxValue : TimeSpan.MinValue),
                _ => all.OrderByDescending(one => one.Hits),
            },
        ];
    }

    private static TopProcess Of(ProcessReport now, ProcessReport? before, double seconds)
    {
        if (now.Summary is not { } summary || before?.Summary is not { } earlier)
        {
            return new TopProcess(now, null, null, null);
        }

        // The reports tell their age in whole seconds, so the time between two of them is known to a second.
        var between = Math.Max(seconds + (before.Age - now.Age ?? TimeSpan.Zero).TotalSeconds, 1);
        double Rate(long current, long past) => Math.Max(current - past, 0) / between;
        return new TopProcess(
            now,
            Rate(summary.NearHits, earlier.NearHits),
            Rate(summary.RemoteReads, earlier.RemoteReads),
            Rate(summary.Failures, earlier.Failures));
    }

    private static string Rate(double? rate) => rate is { } known ? Words.Rate(known) : "";
}

/// <summary>A memcached server in <c>top</c>.</summary>
internal static class TopServer
{
    /// <summary>Returns the cells of its row.</summary>
    public static IReadOnlyList<string> Cells(FleetServer? before, FleetServer now, double seconds)
    {
        if (now.Statistics.Value is not { } statistics)
        {
            return [now.Name, $"unknown: {now.Statistics.Unknown}", "", "", "", ""];
        }

        var earlier = before?.Statistics.Value;
        var (hits, misses) = (statistics.Hits - earlier?.Hits, statistics.Misses - earlier?.Misses);
        return
        [
            now.Name,
            hits + misses is { } gets ? Words.Rate(gets / seconds) : "unknown",
            hits + misses > 0 ? $"{100.0 * hits / (hits + misses):0} %" : "",
            statistics.Evictions - earlier?.Evictions is { } evictions ? Words.Rate(evictions / seconds) : "unknown",
            statistics is { Bytes: { } bytes, MaxBytes: { } most } ? $"{Words.Bytes(bytes)} of {Words.Bytes(most)}" : "unknown",
            statistics is { Connections: { } open, MaxConnections: { } limit } ? $"{open} of {limit}" : "unknown",
        ];
    }
}
