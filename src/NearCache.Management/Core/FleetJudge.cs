using System.Globalization;

namespace NearCache.Management.Core;

/// <summary>Judges a reading: whether the fleet is well, and what is not.</summary>
/// <remarks>Deterministic: the same reading, rates and history give the same verdict.</remarks>
/// <param name="now">The reading.</param>
/// <param name="rates">The rates up to it.</param>
/// <param name="limits">The limits of the settings.</param>
/// <param name="hourAgo">The figures an hour ago; null if they are not known.</param>
internal sealed class FleetJudge(FleetReading now, FleetRates rates, FleetLimits limits, HistoryPoint? hourAgo)
{
    private const double UsefulReads = 1;
    private const double NearlyFull = 0.8;
    private const int ManyUnaccounted = 50;
    private const double UnaccountedPart = 0.2;
    private const double GrowingNodes = 1000;
    private const double ManyFactoryRuns = 50;
    private const double TimesAnHourAgo = 3;
    private const double ManyFailures = 1;
    private const double ManyEvictions = 100;
    private const int ManyStarts = 3;
    private const int SeveralProcesses = 2;
    private const string ZooKeeper = "ZooKeeper";   // the name of its carrier

    private static readonly TimeSpan Starved = TimeSpan.FromSeconds(1);

    // A violation is an incident for so long after the last one, and then a defect to report, until a day has passed without another.
    private static readonly TimeSpan ViolationIsNew = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan ViolationIsOld = TimeSpan.FromDays(1);

    // A process that has just started connects its carriers.
    private static readonly TimeSpan CarrierConnects = TimeSpan.FromSeconds(30);

    /// <summary>Returns the verdict.</summary>
    public Verdict Judge() => !now.Reports.IsKnown && !now.Rules.Current.IsKnown && now.Servers.All(server => !server.Statistics.IsKnown)
        ? Verdict.Unknown($"no server answers. {now.Rules.Current.Unknown}")
        : Verdict.Of(
            [.. Rules(), .. Stops(), .. Servers(), .. Ensemble(), .. Processes(), .. Carriers(), .. Traffic()],
            $"Well: {Plural(now.Live.Count(), "process", "processes")}, {Plural(now.Servers.Count, "memcached server")}"
                + (now.Ensemble is null ? "." : ", ZooKeeper answers."));

    /// <summary>Returns whether a process waits so long for threads that everything in it is slow.</summary>
    public static bool IsStarved(ProcessReport process) => process.Summary?.ThreadPoolDelay >= Starved;

    /// <summary>Returns the carriers that deliver nothing to a process that runs, in the order of their names.</summary>
    public static IEnumerable<string> LostCarriersOf(ProcessReport process) =>
        process is { Status: ProcessReportStatus.Live, Summary: { State: ProcessState.Running } summary }
            ? summary.Carriers.Where(carrier => !carrier.Value).Select(carrier => carrier.Key).Order(StringComparer.Ordinal)
            : [];

    /// <summary>Returns the time since a process has found a near hit that broke the promise; null if it is not known.</summary>
    public static TimeSpan? SinceViolation(ProcessReport process) =>
        process.Summary?.Monitor?.ViolatedBefore + process.Age.GetValueOrDefault();

    /// <summary>Returns whether a server has many connections that no process reports.</summary>
    public static bool IsUnaccounted(ConnectionCount count) =>
        count.Unaccounted is { IsKnown: true, Value: > ManyUnaccounted and var unaccounted }
            && unaccounted > UnaccountedPart * count.Expected.Value;

    /// <summary>Returns a duration as people read it.</summary>
    public static string Text(TimeSpan duration) => duration.TotalSeconds < 60
        ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.#} s")
        : duration.TotalMinutes < 60
            ? string.Create(CultureInfo.InvariantCulture, $"{duration.TotalMinutes:0} min")
            : string.Create(CultureInfo.InvariantCulture, $"{duration.TotalHours:0.#} h");

    /// <summary>Returns a process as people name it.</summary>
    public static string NameOf(ProcessReport process) => process switch
    {
        { Summary: { } summary } => string.Create(
            CultureInfo.InvariantCulture, $"{summary.Pod ?? summary.Host} (pid {summary.ProcessId})"),
        { Member: { Host: { } host, ProcessId: { } id } } => string.Create(CultureInfo.InvariantCulture, $"{host} (pid {id})"),
        _ => $"process {process.Id}",
    };

    /// <summary>Returns the author and reason of an edit as a sentence.</summary>
    public static string Authorship(RegistryEdit? edit, string rule) => edit is null
        ? "Its author is not in the history."
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{edit.Who} {Verb(edit, rule)} it at {edit.When.UtcDateTime:yyyy-MM-dd HH:mm} UTC (“{edit.Why}”).");

    private static string Verb(RegistryEdit edit, string rule) =>
        edit.Changes?.FirstOrDefault(change => change.Name == rule) is { Before: null } ? "added" : "changed";

    private IEnumerable<Cause> Rules()
    {
        if (!now.Rules.Current.IsKnown)
        {
            yield return new Cause(
                CauseKind.RulesUnreadable, HealthLevel.Unknown, $"The rules are unknown: {now.Rules.Current.Unknown}", null, "rules", "");
            yield break;
        }

        if (!now.Suspensions.IsKnown && now.Servers.Count > 0)
        {
            yield return new Cause(CauseKind.NotRead, HealthLevel.Unknown,
                $"Whether a rule is suspended is unknown: {now.Suspensions.Unknown}", null, "rules", "");
        }

        var suspended = now.Suspended.ToDictionary(suspension => suspension.Rule);
        var stopped = now.Registry!.Stops.Select(stop => stop.Rule).ToHashSet();
        foreach (var rule in now.Registry.Rules.Select(rule => rule.Settings))
        {
            var (usage, query) = (now.UsageOf(rule.Name), $"rule={Uri.EscapeDataString(rule.Name)}");
            if (suspended.TryGetValue(rule.Name, out var suspension))
            {
                yield return new Cause(CauseKind.RuleSuspended, HealthLevel.Bad,
                    $"Rule “{rule.Name}” is suspended: {suspension.Why}. {Authorship(now.OriginOf(rule.Name), rule.Name)}",
                    rule.Name, "rules", query);
            }
            else if (usage is null || !rule.Enabled || rule.DryRun || stopped.Contains(rule.Name) || stopped.Contains(null))
            {
                continue;
            }
            else if (usage.WritesPerSecond > limits.FleetLimitOf(rule))
            {
                yield return new Cause(CauseKind.RuleWrittenTooFast, HealthLevel.Bad,
                    $"Rule “{rule.Name}” covers keys that are written {Rate(usage.WritesPerSecond)} times a second; the limit is "
                        + $"{Rate(limits.FleetLimitOf(rule))}. {Authorship(now.OriginOf(rule.Name), rule.Name)}",
                    rule.Name, "rules", query);
            }
            else if (usage.WritesPerSecond > UsefulReads && usage.WritesPerSecond > usage.NearHitsPerSecond)
            {
                yield return new Cause(CauseKind.RuleUseless, HealthLevel.Attention,
                    $"Rule “{rule.Name}” gains nothing: its keys are written {Rate(usage.WritesPerSecond)} times a second and read near "
                        + $"{Rate(usage.NearHitsPerSecond)} times. {Authorship(now.OriginOf(rule.Name), rule.Name)}",
                    rule.Name, "rules", query);
            }
        }
    }

    private IEnumerable<Cause> Stops() => (now.Registry?.Stops ?? []).Select(stop => stop.Rule is { } rule
        ? new Cause(CauseKind.RuleStopped, HealthLevel.Attention, $"Rule “{rule}” is stopped by {stop.Who}: “{stop.Why}”.", rule, "stop",
            $"rule={Uri.EscapeDataString(rule)}")
        : new Cause(CauseKind.Stopped, HealthLevel.Attention, $"Near caching is stopped by {stop.Who}: “{stop.Why}”.", null, "stop", ""));

    private IEnumerable<Cause> Servers()
    {
        foreach (var (server, count) in now.Servers.Zip(ConnectionCount.Of(now)))
        {
            var query = $"server={Uri.EscapeDataString(server.Name)}";
            Cause Of(CauseKind kind, HealthLevel level, string text) => new(kind, level, text, server.Name, "memcached", query);
            if (server.Statistics is not { IsKnown: true, Value: var statistics })
            {
                yield return Of(CauseKind.ServerDown, HealthLevel.Bad, $"{server.Name} does not answer: {server.Statistics.Unknown}");
                continue;
            }

            if (statistics is { Connections: { } connections, MaxConnections: { } most } && connections > NearlyFull * most)
            {
                yield return Of(CauseKind.ServerFull, HealthLevel.Bad,
                    $"{server.Name} has {connections} of {most} connections, {Unaccounted(count)}{MostOf(server)}.");
            }

            var ofServer = rates.Servers.GetValueOrDefault(server.Name);
            if (ofServer?.Refusals > 0)
            {
                yield return Of(CauseKind.ServerRefuses, HealthLevel.Bad,
                    $"{server.Name} refuses connections, {Rate(ofServer.Refusals.Value)} a second, because it has too many.");
            }

            if (IsUnaccounted(count))
            {
                yield return Of(CauseKind.ServerUnaccounted, HealthLevel.Bad,
                    $"{server.Name}: {count.Unaccounted.Value} connections that no process reports, beside {count.Expected.Value} that "
                        + $"processes do{MostOf(server)}.");
            }

            if (ofServer?.Evictions > ManyEvictions)
            {
                yield return Of(CauseKind.ServerEvicting, HealthLevel.Attention,
                    $"{server.Name} evicts {Rate(ofServer.Evictions.Value)} items a second: its memory is full.");
            }
        }
    }

    // The owner with most of the connections that no report explains.
    private string MostOf(FleetServer server) =>
        now.Owners.FirstOrDefault(owned => owned.Server == server.Name)?.Owners is [{ Unaccounted: > 0 } first, ..]
            ? $"; {first.Unaccounted} are from {first}"
            : "";

    private static string Unaccounted(ConnectionCount count) => count.Unaccounted is { IsKnown: true, Value: var unaccounted }
        ? $"{unaccounted} of them unaccounted"
        : $"how many of them are unaccounted is unknown: {count.Unaccounted.Unknown}";

    private bool IsZooKeeperDown => now.Ensemble is { Servers.Count: > 0, Subtree.IsKnown: false } ensemble
        && ensemble.Servers.All(server => !server.Status.IsKnown);

    private IEnumerable<Cause> Ensemble()
    {
        if (now.Ensemble is not { } ensemble)
        {
            yield break;
        }

        static Cause Of(CauseKind kind, HealthLevel level, string text) => new(kind, level, text, null, "zookeeper", "");
        if (IsZooKeeperDown)
        {
            yield return Of(CauseKind.ZooKeeperDown, HealthLevel.Bad,
                "ZooKeeper does not answer. Near caching goes on; changes take about a second to reach other processes. "
                    + ensemble.Servers[0].Status.Unknown);
        }
        else
        {
            foreach (var server in ensemble.Servers.Where(server => !server.Status.IsKnown))
            {
                yield return Of(CauseKind.ZooKeeperServerDown, HealthLevel.Attention,
                    $"The ZooKeeper server {server.Name} tells nothing: {server.Status.Unknown}");
            }

            if (ensemble.Subtree is not { IsKnown: true, Value: var subtree })
            {
                yield return Of(CauseKind.ZooKeeperDown, HealthLevel.Unknown,
                    $"The nodes of the namespace are unknown: {ensemble.Subtree.Unknown}");
            }
            else if (subtree.Missing.Count > 0)
            {
                yield return Of(CauseKind.ZooKeeperDamaged, HealthLevel.Attention,
                    $"{Plural(subtree.Missing.Count, "node")} of the namespace {(subtree.Missing.Count == 1 ? "is" : "are")} missing in "
                        + $"ZooKeeper, such as {subtree.Missing[0]}.");
            }
        }

        if (rates.OwnTransactions is { IsKnown: true, Value: var own } && own > limits.TransactionsPerSecond)
        {
            yield return Of(CauseKind.ZooKeeperOverBudget, HealthLevel.Bad,
                $"The namespace makes {Rate(own)} transactions a second in ZooKeeper; the budget is {Rate(limits.TransactionsPerSecond)}.");
        }

        if (rates.NodesPerMinute is { IsKnown: true, Value: > GrowingNodes and var growth })
        {
            yield return Of(CauseKind.ZooKeeperGrowing, HealthLevel.Bad,
                $"The nodes in ZooKeeper grow by {Rate(growth)} a minute, to {now.Nodes}. NearCache creates none for keys: see the "
                    + "applications beside it.");
        }
    }

    private IEnumerable<Cause> Processes()
    {
        if (now.Reports is not { IsKnown: true, Value: var reports })
        {
            yield return new Cause(CauseKind.ReportsMissing, HealthLevel.Unknown,
                $"The processes are unknown: {now.Reports.Unknown}", null, "processes", "");
            yield break;
        }

        foreach (var server in reports.Servers.Where(server => server.Problem is not null))
        {
            yield return new Cause(CauseKind.ReportsMissing, HealthLevel.Attention,
                $"Reports may be missing: {server.Problem}", server.Name, "processes", "");
        }

        foreach (var process in reports.Processes)
        {
            var (name, query) = (NameOf(process), $"process={Uri.EscapeDataString(process.Id)}");
            Cause Of(CauseKind kind, HealthLevel level, string text) => new(kind, level, text, process.Id, "processes", query);
            if (process.Status == ProcessReportStatus.Silent)
            {
                yield return Of(CauseKind.ProcessSilent, HealthLevel.Attention,
                    $"{name} has been silent for {Text(process.Age.GetValueOrDefault())}: it was killed, is paused, or reaches no "
                        + "memcached.");
            }

            if (process.Status != ProcessReportStatus.Live)
            {
                continue;
            }

            var summary = process.Summary!;
            var since = SinceViolation(process);
            if (summary.Monitor is { Violations: > 0 and var violations } && !(since > ViolationIsOld))
            {
                // Without a time it may be going on.
                var isOver = since > ViolationIsNew;
                var last = since is { } before ? $"; the last one was found {Text(before)} ago" : "";
                yield return Of(
                    isOver ? CauseKind.PastViolations : CauseKind.Violations,
                    isOver ? HealthLevel.Attention : HealthLevel.Bad,
                    $"{name} has served {Plural(violations, "near hit")} older than its rule allows, as its monitor reports{last}.");
            }

            if (IsStarved(process))
            {
                yield return Of(CauseKind.ProcessStarved, HealthLevel.Bad,
                    $"{name} is starved: work waits {Text(summary.ThreadPoolDelay)} for a thread. It is not the cache that is slow there.");
            }

            if (summary.State == ProcessState.Running && summary.ConfirmedBefore > limits.MaxStaleness)
            {
                yield return Of(CauseKind.ProcessStale, HealthLevel.Attention,
                    $"{name} keeps nothing near of a server that was last confirmed {Text(summary.ConfirmedBefore.Value)} ago.");
            }

            if (summary.Starts >= ManyStarts)
            {
                yield return Of(CauseKind.ProcessRestarts, HealthLevel.Attention,
                    $"{name} has started {summary.Starts} times without a pause of 15 minutes.");
            }
        }

        string?[] placements = [.. now.Live.Select(process => process.Summary!.PlacementHash).Where(hash => hash is not null).Distinct()];
        string?[] prefixes = [.. now.Live.Select(process => process.Summary!.PrefixHash).Where(hash => hash is not null).Distinct()];
        if (placements.Length > 1 || prefixes.Length > 1)
        {
            yield return new Cause(CauseKind.PlacementDiffers, HealthLevel.Bad,
                $"Processes have different {(placements.Length > 1 ? "lists of memcached servers" : "key prefixes")}: they look for a key "
                    + "in different places, and changes do not reach all of them.",
                null, "processes", "");
        }
    }

    // No outage: audits carry what a carrier does not. Of one process alone its own page and the list of processes tell.
    private IEnumerable<Cause> Carriers()
    {
        ProcessReport[] running = [.. now.Live.Where(process => process.Summary!.State == ProcessState.Running
            && (now.At - process.Summary.StartedAt).Duration() >= CarrierConnects)];   // its clock may be ahead
        foreach (var carrier in running.SelectMany(LostCarriersOf).GroupBy(name => name).OrderByDescending(lost => lost.Count()))
        {
            var (name, lost) = (carrier.Key, carrier.Count());
            var users = running.Count(process => process.Summary!.Carriers.ContainsKey(name));
            if (lost >= SeveralProcesses && !(name == ZooKeeper && IsZooKeeperDown))
            {
                var which = lost == users ? $"all {users}" : $"{lost} of {users}";
                yield return new Cause(CauseKind.CarrierDown, HealthLevel.Attention,
                    $"{name} delivers nothing to {which} processes that use it: changes take about a second to reach them.",
                    name, "processes", "status=noDelivery");
            }
        }
    }

    private IEnumerable<Cause> Traffic()
    {
        if (rates.Fleet is not { IsKnown: true, Value: var traffic })
        {
            yield break;
        }

        if (traffic.FactoryRuns > ManyFactoryRuns && hourAgo is not null
            && hourAgo.Values.TryGetValue(Series.FactoryRuns, out var before) && traffic.FactoryRuns > TimesAnHourAgo * before)
        {
            yield return SourceHit(traffic.FactoryRuns, before);
        }

        if (traffic.Failures > ManyFailures)
        {
            yield return new Cause(CauseKind.Failures, HealthLevel.Attention,
                $"{Rate(traffic.Failures)} operations a second fail on memcached.", null, "memcached", "");
        }
    }

    // One process alone has a cause of its own. Otherwise it is something that all have lost, which the changes tell.
    private Cause SourceHit(double runs, double before)
    {
        double RunsOf(ProcessReport process) => rates.Processes.GetValueOrDefault(process.Id).FactoryRuns;
        var text = $"The source is asked {Rate(runs)} times a second; an hour ago {Rate(before)}.";
        return now.Live.Count() > 1 && now.Live.MaxBy(RunsOf) is { } most && RunsOf(most) > runs / 2
            ? new Cause(CauseKind.SourceHit, HealthLevel.Bad,
                $"{text} {NameOf(most)} asks {Rate(RunsOf(most))} times.", most.Id, "processes", $"process={Uri.EscapeDataString(most.Id)}")
            : new Cause(CauseKind.SourceHit, HealthLevel.Bad, text, null, "changes", "");
    }

    private static string Rate(double rate) => rate.ToString(rate < 10 ? "0.#" : "#,0", CultureInfo.InvariantCulture);

    private static string Plural(long count, string one, string? many = null) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many ?? one + "s")}");
}
