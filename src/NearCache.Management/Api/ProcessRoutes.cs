using NearCache.Management.Api.Models;
using NearCache.Management.Collecting;
using NearCache.Management.Core;

namespace NearCache.Management.Api;

/// <summary>The routes of processes.</summary>
internal static class ProcessRoutes
{
    private const int MostShown = 200;

    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(2);

    private static readonly Dictionary<string, Func<ProcessModel, IComparable?>> Orders = new()
    {
        ["host"] = process => process.Pod ?? process.Host,
        ["status"] = process => process.Status,
        ["version"] = process => process.Version,
        ["starts"] = process => process.Starts,
        ["delay"] = process => process.ThreadPoolDelaySeconds,
        ["confirmed"] = process => process.ConfirmedSeconds,
        ["reads"] = process => process.NearReadsPerSecond.Value + process.RemoteReadsPerSecond.Value,
        ["remoteReads"] = process => process.RemoteReadsPerSecond.Value,
        ["factoryRuns"] = process => process.FactoryRunsPerSecond.Value,
        ["failures"] = process => process.FailuresPerSecond.Value,
        ["p99"] = process => process.RemoteP99Milliseconds,
        ["hitRatio"] = process => process.HitRatio,
        ["age"] = process => process.UptimeSeconds,
        ["violations"] = process => process.Monitor?.Violations,
    };

    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
    [
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("processes"),
            "The processes, a page of them.",
            ConsoleJson.Default.ProcessesModel,
            ListAsync,
            "offset",
            "limit",
            "sort",
            "descending",
            "status",
            "text"),
        ConsoleRoute.Get(
            ConsoleRoute.Fleet("processes/{id}"),
            "One process, with its long report.",
            ConsoleJson.Default.ProcessPageModel,
            OneAsync),
    ];

    private static async Task<ProcessesModel> ListAsync(ConsoleRequest request)
    {
        var state = await request.StateAsync().ConfigureAwait(false);
        var reports = state.Reading?.Reports;
        var (offset, limit) = (request.Number("offset", 0, 0, int.MaxValue), request.Number("limit", 50, 1, MostShown));
        var sort = request.Text("sort") ?? "host";
        if (!Orders.TryGetValue(sort, out var order))
        {
            throw ConsoleProblem.Invalid($"sort must be one of {string.Join(", ", Orders.Keys)}.");
        }

        var majority = Majority.Of(state);
        var found = (reports?.Value?.Processes ?? [])
            .Select(process => Of(process, state, majority))
            .Where(process => Matches(process, request.Text("status"), request.Text("text")));
        var known = found.OrderBy(process => order(process) is null);
        ProcessModel[] all =
        [
            .. (request.Text("descending") == "true" ? known.ThenByDescending(order) : known.ThenBy(order))
                .ThenBy(process => process.Id, StringComparer.Ordinal),
        ];
        return new ProcessesModel(
            all.Length,
            offset,
            state.Reading is null ? OverviewMapping.Reason(state) : reports!.Unknown,
            reports?.Value?.MembersUnknown,
            majority.Distinct,
            [.. all.Skip(offset).Take(limit)]);
    }

    private static async Task<ProcessPageModel> OneAsync(ConsoleRequest request)
    {
        var id = (string)request.Http.Request.RouteValues["id"]!;
        var state = await request.StateAsync().ConfigureAwait(false);
        var process = state.Reading?.Reports.Value?.Processes.FirstOrDefault(process => process.Id == id)
            ?? throw ConsoleProblem.NotFound("There is no report of such a process: it has ended, or never was.");
        var detail = await request.SharedAsync($"process {id}", Fresh, client => client.GetReportAsync(id)).ConfigureAwait(false);
        return new ProcessPageModel(Of(process, state, Majority.Of(state)), Part.Of(detail, Of));
    }

    private static bool Matches(ProcessModel process, string? status, string? text) =>
        (status is null || status == process.Status || (status == "starved" && process.IsStarved)
            || (status == "noDelivery" && process is { Status: "live", State: "running" } && process.Carriers.Values.Contains(false))
            || (status == "starting" && process is { Status: "live", State: "starting" }))
        && (text is null || new[] { process.Host, process.Pod, process.Node, process.Version, process.Id }
            .Any(field => field?.Contains(text, StringComparison.OrdinalIgnoreCase) == true));

    private static ProcessModel Of(ProcessReport process, ContextState state, Majority majority)
    {
        var (summary, member) = (process.Summary, process.Member);
        var rates = state.Rates!.Processes.TryGetValue(process.Id, out var measured) ? measured : (ProcessRates?)null;
        const string NoRate = "the process has not reported twice";
        var reads = summary is null ? 0 : summary.NearHits + summary.RemoteReads;
        return new ProcessModel
        {
            Id = process.Id,
            Status = Mapping.NameOf(process.Status),
            State = summary is null ? null : Mapping.NameOf(summary.State),
            Host = summary?.Host ?? member?.Host,
            Pod = summary?.Pod,
            Node = summary?.Node,
            ProcessId = summary?.ProcessId ?? member?.ProcessId,
            Version = summary?.Version ?? member?.Version,
            StartedAt = summary?.StartedAt,
            UptimeSeconds = summary is null ? null : Math.Max((state.Reading!.At - summary.StartedAt).TotalSeconds, 0),
            Starts = summary?.Starts,
            AgeSeconds = process.Age?.TotalSeconds,
            ServersHash = summary?.ServersHash,
            PlacementHash = summary?.PlacementHash,
            PrefixHash = summary?.PrefixHash,
            Differs = summary is null ? [] : majority.DifferencesOf(summary),
            RulesRevision = summary?.RulesRevision,
            Stops = summary?.Stops,
            ConfirmedSeconds = summary?.ConfirmedBefore?.TotalSeconds,
            NearReadsPerSecond = Part.Number(rates?.NearReads, NoRate),
            RemoteReadsPerSecond = Part.Number(rates?.RemoteReads, NoRate),
            FailuresPerSecond = Part.Number(rates?.Failures, NoRate),
            FactoryRunsPerSecond = Part.Number(rates?.FactoryRuns, NoRate),
            HitRatio = reads > 0 ? summary!.NearHits / (double)reads : null,
            RemoteP99Milliseconds = summary?.RemoteLatency?.TotalMilliseconds,
            Connections = summary?.Connections,
            ThreadPoolDelaySeconds = summary?.ThreadPoolDelay.TotalSeconds,
            GarbageCollectionPauseSeconds = summary?.GarbageCollectionPause.TotalSeconds,
            IsStarved = FleetJudge.IsStarved(process),
            Monitor = summary?.Monitor is { } monitor
                ? new MonitorModel(
                    monitor.Violations,
                    FleetJudge.SinceViolation(process)?.TotalSeconds,
                    monitor.Checked,
                    monitor.Agreed,
                    monitor.Unclassified)
                : null,
            Carriers = summary?.Carriers ?? new Dictionary<string, bool>(),
            Problem = ProblemOf(process),
        };
    }

    private static string? ProblemOf(ProcessReport process) => process switch
    {
        { Status: ProcessReportStatus.Silent } =>
            $"silent for {FleetJudge.Text(process.Age.GetValueOrDefault())}: killed, paused, or cut off from memcached",
        { Status: ProcessReportStatus.NoReport } => "no report: an older version, or reports are off",
        { Status: ProcessReportStatus.Live } when FleetJudge.IsStarved(process) =>
            $"not the cache: this process is starved, {FleetJudge.Text(process.Summary!.ThreadPoolDelay)}",
        _ => null,
    };

    private static ProcessDetailModel Of(ProcessDetail detail) => new(
        detail.Age.TotalSeconds,
        [
            .. detail.Servers.Select(server => new ReportedServerModel(
                server.Name,
                server.Identity,
                server.IsServedNear,
                server.ConfirmedBefore?.TotalSeconds,
                server.ConnectionCount,
                [.. server.Connections.Select(Of)])),
        ],
        detail.NearEntries,
        detail.NearBytes,
        detail.NearEvictions,
        detail.NearMisses,
        [
            .. detail.Carriers.Select(carrier => new ReportedCarrierModel(
                carrier.Name,
                carrier.IsDelivering,
                carrier.Problem,
                carrier.Sent,
                carrier.Failed,
                carrier.Received,
                carrier.MessagesPerSecond,
                carrier.Waiting,
                carrier.Members)),
        ],
        detail.ZooKeeper is { } zooKeeper
            ? new ReportedZooKeeperModel(
                zooKeeper.State,
                zooKeeper.Requests,
                zooKeeper.Failures,
                zooKeeper.Announcements,
                zooKeeper.AnnouncementsPerSecond,
                zooKeeper.Waiting,
                zooKeeper.QuotaRefusals,
                zooKeeper.Members,
                zooKeeper.Connection is { } connection ? Of(connection) : null)
            : null,
        [
            .. detail.Rules.Select(rule => new ReportedRuleModel(
                rule.Name,
                rule.IsOn,
                rule.IsDryRun,
                Mapping.NameOf(rule.ChurnBreaker),
                rule.NearHits,
                rule.RemoteReads,
                rule.Writes,
                rule.Announcements)),
        ],
        [.. detail.Warnings.Select(warning => new WarningModel(warning.Key, warning.Value)).OrderByDescending(warning => warning.Count)],
        detail.Dropped,
        detail.Others);

    private static ReportedConnectionModel Of(ReportedConnection connection) => new(connection.Local, connection.OpenedAt);

    /// <summary>The hashes that most processes have: one with another is the exception.</summary>
    private sealed record Majority(string? Servers, string? Placement, string? Prefix, HashesModel Distinct)
    {
        public static Majority Of(ContextState state)
        {
            ProcessSummary[] live = [.. (state.Reading?.Live ?? []).Select(process => process.Summary!)];
            return new Majority(
                Most(live, summary => summary.ServersHash),
                Most(live, summary => summary.PlacementHash),
                Most(live, summary => summary.PrefixHash),
                new HashesModel(
                    Count(live, summary => summary.ServersHash),
                    Count(live, summary => summary.PlacementHash),
                    Count(live, summary => summary.PrefixHash)));
        }

        public IReadOnlyList<string> DifferencesOf(ProcessSummary summary) =>
        [
            .. new[]
            {
                ("servers", summary.ServersHash, Servers), ("placement", summary.PlacementHash, Placement),
                ("prefix", summary.PrefixHash, Prefix),
            }.Where(hash => hash.Item2 is not null && hash.Item2 != hash.Item3).Select(hash => hash.Item1),
        ];

        private static string? Most(ProcessSummary[] live, Func<ProcessSummary, string?> hash) =>
            live.Select(hash).OfType<string>().GroupBy(one => one).MaxBy(same => same.Count())?.Key;

        private static int Count(ProcessSummary[] live, Func<ProcessSummary, string?> hash) =>
            live.Select(hash).OfType<string>().Distinct().Count();
    }
}
