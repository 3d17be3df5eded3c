using System.Globalization;
using NearCache.Cli.Output;

namespace NearCache.Cli.Doctoring;

/// <summary>Checks the processes by their reports.</summary>
internal static class ProcessChecks
{
    /// <summary>The age below which a process may lack what it gets while it starts.</summary>
    public static readonly TimeSpan Starting = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan Starved = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestUpgrade = TimeSpan.FromDays(14);

    // A report says the age at the time of its writing, so a busy machine may add a little.
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);
    private const int ManyStarts = 5;

    // Events that need an administrator, with the remedy. docs/operations.md has all events.
    private static readonly Dictionary<int, string> Serious = new()
    {
        [1003] = "correct the configuration of the process: a reload was refused",
        [1106] = "restart the process, and report the defect",
        [1421] = "repair the namespace as the log line says",
        [1800] = "name each server by an address of its own, as the log line says",
        [1830] = "stop near caching (nearcache stop --all), and report the log line",
        [1831] = "find the reason in the log, then resume",
    };

    public static IEnumerable<Check> Of(FleetReading reading)
    {
        if (reading.Reports is not { } reports)
        {
            yield break;
        }

        if (reports.Value is not { } read)
        {
            if (reading.HasProcesses)
            {
                yield return Findings.ReportsUnknown.Because(
                    $"The reports of the processes were not read: {reports.Unknown!.TrimEnd('.')}.",
                    "Mend the memcached servers named above. Caches over another remote store no reports.");
            }
            else if (reading.Servers.Any(server => server.Statistics.IsKnown)
                || reading.Options.Memcached.Servers.Count == 0)
            {
                yield return Check.Good(
                    CheckGroup.Processes, reading.IsBeforeFirstStart ? "No process has started yet."
                        : "No process runs or has run lately.");
            }

            yield break;
        }

        var found = Each(reading, read).ToArray();
        foreach (var check in found)
        {
            yield return check;
        }

        var live = reading.Live.Count();
        if (found.Length == 0 && live == 0)
        {
            yield return Check.Good(CheckGroup.Processes, reading.IsBeforeFirstStart ? "No process has started yet." : "No process runs.");
        }
        else if (found.Length == 0)
        {
            var versions = reading.Live.Select(process => process.Summary.Version).Distinct().Order(StringComparer.Ordinal).ToArray();
            yield return Check.Good(
                CheckGroup.Processes,
                $"{Words.Count(live, "process runs", "processes run")}"
                    + (versions.Length > 0 ? $", {(versions.Length == 1 ? "version" : "versions")} {string.Join(" and ", versions)}" : "")
                    + (reading.Live.Max(process => process.Summary.ConfirmedBefore) is { } oldest
                        ? $"; no near hit is staler than {Words.Of(oldest)}." : "."));
        }
    }

    private static IEnumerable<Check> Each(FleetReading reading, FleetReports read)
    {
        ProcessReport[] With(ProcessReportStatus status) => [.. read.Processes.Where(process => process.Status == status)];
        static string Names(IEnumerable<ProcessReport> processes) => Words.List(processes.Select(FleetReading.NameOf));
        static string Ones(IEnumerable<(ProcessReport, ProcessSummary Summary)> processes, Func<ProcessSummary, string>? detail = null) =>
            Words.List(processes.Select(process =>
                FleetReading.NameOf(process.Summary) + (detail is null ? "" : $" {detail(process.Summary)}")));

        if (With(ProcessReportStatus.Silent) is { Length: > 0 } silent)
        {
            yield return Findings.ProcessSilent.Because(
                $"{Words.Count(silent.Length, "process has", "processes have")} stopped reporting without saying that it ends: "
                    + $"{Names(silent)}, "
                    + $"silent for {Words.Of(silent.Min(process => process.Age) ?? TimeSpan.Zero)} or longer.",
                "See whether the pod was killed or restarted on purpose: then its report ends within 15 minutes. If it still runs, "
                    + "check its "
                    + "memory, its CPU and its network to memcached.");
        }

        // Where a server was not read, the report may be there.
        if (read.Servers.All(server => server.Problem is null) && With(ProcessReportStatus.NoReport) is { Length: > 0 } without)
        {
            yield return Findings.ProcessWithoutReport.Because(
                $"{Words.Count(without.Length, "member has", "members have")} no report: {Names(without)}.",
                "Upgrade processes of a version without reports, set Reports:Enabled, or wait a few seconds if a memcached server has "
                    + "just restarted.");
        }

        if (reading.Ensemble is { LastZxid.IsKnown: true } && read.MembersUnknown is null
            && reading.Live.Where(process => process.Report.Member is null
                && reading.At - process.Summary.StartedAt > Starting + (2 * reading.Options.ZooKeeper.SessionTimeout)).ToArray()
                is { Length: > 0 } absent)
        {
            yield return Findings.MemberMissing.Because(
                $"{Words.Count(absent.Length, "process is", "processes are")} no member in ZooKeeper: {Ones(absent)}.",
                "Check the network of the process to ZooKeeper, its ZooKeeper:ConnectionString, and its identity (events 1400, 3103, "
                    + "3108).");
        }

        if (reading.Live.Where(process => process.Summary.ThreadPoolDelay >= Starved).ToArray() is { Length: > 0 } starved)
        {
            yield return Findings.ProcessStarved.Because(
                $"Work waits for a thread in {Ones(starved, summary => $"({Words.Of(summary.ThreadPoolDelay)})")}.",
                "Find calls that block (.Result, .Wait(), synchronous I/O) in the application, with dotnet-stack or a dump, and await "
                    + "them.");
        }

        var limit = reading.Options.MaxStaleness + Slack;
        if (reading.Live.Where(process => process.Summary.State == ProcessState.Running
            && reading.At - process.Summary.StartedAt > Starting
            && (process.Summary.ConfirmedBefore is null || process.Summary.ConfirmedBefore > limit)).ToArray() is { Length: > 0 } closed)
        {
            var servers = reading.Details.SelectMany(detail => detail.Servers).Where(server => !server.IsServedNear)
                .Select(server => server.Name)
                .Distinct().ToArray();
            yield return Findings.GateClosed.Because(
                $"{Words.Count(closed.Length, "process has", "processes have")} a server without a fresh confirmation: "
                    + Ones(closed, summary => $"({(summary.ConfirmedBefore is { } age ? Words.Of(age) : "never")})")
                    + (servers.Length > 0 ? $"; servers: {Words.List(servers)}." : "."),
                "Mend the memcached server, or the network from the process to it: near reads return by themselves.");
        }

        foreach (var check in Versions(reading))
        {
            yield return check;
        }

        if (reading.Live.Where(process => process.Summary.Starts >= ManyStarts).ToArray() is { Length: > 0 } looping)
        {
            yield return Findings.CrashLoop.Because(
                $"{Words.Count(looping.Length, "process starts", "processes start")} again and again: "
                    + $"{Ones(looping, summary => $"({summary.Starts} starts)")}.",
                "Read the log of its last end: a crash, a failed probe, or a memory limit.");
        }

        foreach (var (id, remedy) in Serious)
        {
            var complaining = reading.Details.Where(detail => detail.Warnings.GetValueOrDefault(id) > 0).ToArray();
            if (complaining.Length > 0)
            {
                var names = complaining.Select(detail => NameOf(reading, detail.Id));
                yield return Findings.Complaints.Because(
                    string.Create(CultureInfo.InvariantCulture,
                        $"Event {id} was logged {complaining.Sum(detail => detail.Warnings[id])} times by {Words.List(names)}."),
                    $"Look at the log of the process: {remedy}.");
            }
        }
    }

    private static string NameOf(FleetReading reading, string id) =>
        reading.Live.FirstOrDefault(process => process.Report.Id == id).Summary is { } summary ? FleetReading.NameOf(summary) : id;

    private static IEnumerable<Check> Versions(FleetReading reading)
    {
        var versions = reading.Live.GroupBy(process => process.Summary.Version, StringComparer.Ordinal)
            .OrderByDescending(group => System.Version.TryParse(group.Key, out var version) ? version : new System.Version(0, 0))
            .ToArray();
        if (versions.Length > 1 && reading.At - versions[0].Min(process => process.Summary.StartedAt) is var since
            && since > LongestUpgrade)
        {
            yield return Findings.OldVersion.Because(
                $"Version {versions[0].Key} runs for {Words.Of(since)} beside "
                    + string.Join(", ", versions.Skip(1).Select(group =>
                        $"{group.Key} ({Words.List(group.Select(process => FleetReading.NameOf(process.Summary)), 3)})")) + ".",
                $"Complete the upgrade of these processes to {versions[0].Key}, or go back with all of them.");
        }
    }
}
