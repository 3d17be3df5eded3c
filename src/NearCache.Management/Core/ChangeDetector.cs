using System.Globalization;

namespace NearCache.Management.Core;

/// <summary>Finds what changed between two readings, and at the first reading what the history of the registry tells.</summary>
internal sealed class ChangeDetector
{
    // The most changes of one kind, of processes and of versions, that one reading makes.
    private const int MostAtOnce = 20;

    // What is found between two readings is not older, whatever a report claims.
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly HashSet<string> _versions = [];
    private readonly Dictionary<string, ProcessReportStatus> _processes = [];
    private readonly Dictionary<string, long> _violations = [];   // of each process that reports them
    private readonly Dictionary<string, RuleStop> _stops = [];
    private readonly Dictionary<string, RuleSuspension> _suspended = [];
    private readonly Dictionary<string, TimeSpan?> _servers = [];   // the last uptime; null while the server is down
    private string? _leader;
    private long _revision;
    private HealthLevel? _level;
    private bool _hasProcesses;
    private bool _hasRules;

    /// <summary>Adds a reading, and returns the changes, the oldest first.</summary>
    public IReadOnlyList<Change> Add(FleetReading now, Verdict verdict)
    {
        Change[] changes =
        [
            .. Edits(now), .. Suspensions(now), .. Processes(now), .. Servers(now), .. Ensemble(now), .. Verdicts(now, verdict),
        ];
        return [.. changes.OrderBy(change => change.At)];
    }

    private List<Change> Edits(FleetReading now)
    {
        var changes = new List<Change>();
        if (now.Registry is not { } registry)
        {
            return changes;
        }

        foreach (var edit in registry.History.Where(edit => edit.Revision > _revision))
        {
            string[] rules = [.. edit.Changes?.Select(change => change.Name) ?? []];
            changes.Add(new Change
            {
                At = edit.When,
                Kind = ChangeKind.Edit,
                Subject = rules.Length > 0 ? string.Join(", ", rules) : "rules",
                Text = TextOf(edit),
                Who = edit.Who,
                IsVerified = edit.IsVerified,
                Why = edit.Why,
                Revision = edit.Revision,
                Page = "rules",
                Query = rules.Length == 1 ? $"rule={Uri.EscapeDataString(rules[0])}" : "",
            });
        }

        _revision = Math.Max(_revision, registry.Revision);
        var stops = registry.Stops.ToDictionary(stop => stop.Id);
        foreach (var stop in registry.Stops.Where(stop => !_stops.ContainsKey(stop.Id)))
        {
            changes.Add(new Change
            {
                At = stop.When ?? now.At,
                Kind = ChangeKind.Stop,
                Level = HealthLevel.Attention,
                Subject = stop.Rule ?? "everything",
                Text = stop.Rule is { } rule ? $"Rule “{rule}” was stopped." : "Near caching was stopped for all rules.",
                Who = stop.Who,
                IsVerified = stop.IsVerified,
                Why = stop.Why,
                Page = "stop",
            });
        }

        foreach (var stop in _stops.Values.Where(stop => !stops.ContainsKey(stop.Id)))
        {
            changes.Add(new Change
            {
                At = now.At,
                Kind = ChangeKind.Resume,
                Subject = stop.Rule ?? "everything",
                Text = stop.Rule is { } rule ? $"The stop of rule “{rule}” has ended." : "The stop of all rules has ended.",
                Page = "stop",
            });
        }

        Replace(_stops, stops);
        _hasRules = true;
        return changes;
    }

    private List<Change> Suspensions(FleetReading now)
    {
        var changes = new List<Change>();
        if (!now.Suspensions.IsKnown || !_hasRules)
        {
            return changes;
        }

        var suspended = now.Suspended.DistinctBy(suspension => suspension.Rule).ToDictionary(suspension => suspension.Rule);
        foreach (var suspension in suspended.Values.Where(suspension => !_suspended.ContainsKey(suspension.Rule)))
        {
            changes.Add(new Change
            {
                At = suspension.Trips.Count > 0 ? suspension.Trips[^1] : now.At,
                Kind = ChangeKind.Suspended,
                Level = HealthLevel.Bad,
                Subject = suspension.Rule,
                Text = $"Rule “{suspension.Rule}” was suspended, as {suspension.Who} reported: {suspension.Why}.",
                Page = "rules",
                Query = $"rule={Uri.EscapeDataString(suspension.Rule)}",
            });
        }

        changes.AddRange(_suspended.Values.Where(suspension => !suspended.ContainsKey(suspension.Rule)).Select(suspension => new Change
        {
            At = now.At,
            Kind = ChangeKind.Resumed,
            Subject = suspension.Rule,
            Text = $"Rule “{suspension.Rule}” is no longer suspended.",
            Page = "rules",
            Query = $"rule={Uri.EscapeDataString(suspension.Rule)}",
        }));
        Replace(_suspended, suspended);
        return changes;
    }

    private List<Change> Processes(FleetReading now)
    {
        var changes = new List<Change>();
        if (now.Reports is not { IsKnown: true, Value: var reports })
        {
            return changes;
        }

        var processes = reports.Processes.DistinctBy(process => process.Id).ToDictionary(process => process.Id);
        if (_hasProcesses)
        {
            var changed = processes.Values
                .Where(process => !_processes.TryGetValue(process.Id, out var before) || before != process.Status)
                .Select(process => Of(process, _processes.ContainsKey(process.Id), now))
                .OfType<Change>();
            changes.AddRange(changed.GroupBy(change => change.Kind).SelectMany(ofKind => Shorten([.. ofKind])));
        }

        if (_hasProcesses)
        {
            changes.AddRange(Shorten([.. now.Live.Select(process => Violations(process, now)).OfType<Change>()]));
        }

        var versions = now.Live.Select(process => process.Summary!.Version).ToHashSet();
        if (_hasProcesses)
        {
            changes.AddRange(versions.Except(_versions).Take(MostAtOnce).Select(version =>
                Versions(now, version, $"Version {version} is in use for the first time since the console watches.")));
            changes.AddRange(_versions.Except(versions).Take(MostAtOnce).Select(version =>
                Versions(now, version, $"Version {version} is no longer in use.")));
        }

        _versions.Clear();
        _versions.UnionWith(versions);
        Replace(_processes, processes.ToDictionary(process => process.Key, process => process.Value.Status));
        Replace(_violations, processes.Where(process => process.Value.Summary?.Monitor is not null)
            .ToDictionary(process => process.Key, process => process.Value.Summary!.Monitor!.Violations));
        _hasProcesses = true;
        return changes;
    }

    // A release of a thousand processes does not push the edits out of the timeline.
    private static Change[] Shorten(Change[] ofKind) => ofKind.Length <= MostAtOnce ? ofKind
        :
        [
            .. ofKind.Take(MostAtOnce - 1),
            ofKind[^1] with
            {
                Subject = "processes",
                Text = string.Create(
                    CultureInfo.InvariantCulture,
                    $"{ofKind.Length - MostAtOnce + 1} more processes {Verb(ofKind[^1].Kind)}, such as {ofKind[^1].Subject}."),
                Query = "",
            },
        ];

    private static string Verb(ChangeKind kind) => kind switch
    {
        ChangeKind.ProcessStarted => "started",
        ChangeKind.ProcessEnded => "ended",
        ChangeKind.Violation => "have served near hits that are too old",
        _ => "no longer report",
    };

    private static Change? Of(ProcessReport process, bool isKnown, FleetReading now)
    {
        var name = FleetJudge.NameOf(process);
        Change Changed(ChangeKind kind, HealthLevel level, string text, DateTimeOffset? at = null) => new()
        {
            At = at ?? now.At,
            Kind = kind,
            Level = level,
            Subject = name,
            Text = text,
            Page = "processes",
            Query = $"process={Uri.EscapeDataString(process.Id)}",
        };
        return process.Status switch
        {
            ProcessReportStatus.Live when !isKnown && process.Summary is { Starts: > 1 and var starts } => Changed(
                ChangeKind.ProcessStarted, HealthLevel.Attention, $"{name} started, the {Ordinal(starts)} time without a pause."),
            ProcessReportStatus.Live when !isKnown => Changed(ChangeKind.ProcessStarted, HealthLevel.Well, $"{name} started."),
            ProcessReportStatus.Live => Changed(ChangeKind.ProcessStarted, HealthLevel.Well, $"{name} reports again."),
            ProcessReportStatus.Ended => Changed(ChangeKind.ProcessEnded, HealthLevel.Well, $"{name} ended."),
            ProcessReportStatus.Silent when isKnown => Changed(
                ChangeKind.ProcessSilent, HealthLevel.Attention, $"{name} no longer reports: killed, paused, or cut off from memcached."),
            _ => null,
        };
    }

    private Change? Violations(ProcessReport process, FleetReading now)
    {
        var (name, all) = (FleetJudge.NameOf(process), process.Summary!.Monitor?.Violations ?? 0);
        var found = all - _violations.GetValueOrDefault(process.Id);
        var total = found == all ? "" : $", {all} since its start";
        return found <= 0 ? null : new Change
        {
            At = FleetJudge.SinceViolation(process) is { } before && before < Day ? now.At - before : now.At,
            Kind = ChangeKind.Violation,
            Level = HealthLevel.Bad,
            Subject = name,
            Text = string.Create(
                CultureInfo.InvariantCulture,
                $"{name} has served {found} near {(found == 1 ? "hit" : "hits")} older than allowed{total}."),
            Page = "processes",
            Query = $"process={Uri.EscapeDataString(process.Id)}",
        };
    }

    private static string Ordinal(int number) => string.Create(CultureInfo.InvariantCulture, $"{number}{(number % 100 is 11 or 12 or 13
        ? "th"
        : (number % 10) switch { 1 => "st", 2 => "nd", 3 => "rd", _ => "th" })}");

    private static Change Versions(FleetReading now, string version, string text) => new()
    {
        At = now.At,
        Kind = ChangeKind.Version,
        Subject = version,
        Text = text,
        Page = "processes",
        Query = "sort=version",
    };

    private List<Change> Servers(FleetReading now)
    {
        var changes = new List<Change>();
        foreach (var server in now.Servers)
        {
            Change Changed(ChangeKind kind, HealthLevel level, string text) => new()
            {
                At = now.At,
                Kind = kind,
                Level = level,
                Subject = server.Name,
                Text = text,
                Page = "memcached",
                Query = $"server={Uri.EscapeDataString(server.Name)}",
            };
            var uptime = server.Statistics.Value?.Uptime;
            if (_servers.TryGetValue(server.Name, out var before))
            {
                if (!server.Statistics.IsKnown && before is not null)
                {
                    changes.Add(Changed(ChangeKind.ServerDown, HealthLevel.Bad, $"{server.Name} no longer answers."));
                }
                else if (server.Statistics.IsKnown && before is null)
                {
                    changes.Add(Changed(ChangeKind.ServerUp, HealthLevel.Well, $"{server.Name} answers again."));
                }
                else if (uptime < before)
                {
                    changes.Add(Changed(ChangeKind.ServerRestarted, HealthLevel.Attention, $"{server.Name} restarted."));
                }
            }

            _servers[server.Name] = server.Statistics.IsKnown ? uptime ?? TimeSpan.Zero : null;
        }

        return changes;
    }

    private IEnumerable<Change> Ensemble(FleetReading now)
    {
        var leader = now.Ensemble?.Servers.FirstOrDefault(server => server.Status.Value?.Mode is "leader" or "standalone")?.Name;
        if (leader is null || leader == _leader)
        {
            yield break;
        }

        if (_leader is { } before)
        {
            yield return new Change
            {
                At = now.At,
                Kind = ChangeKind.Ensemble,
                Level = HealthLevel.Attention,
                Subject = leader,
                Text = $"ZooKeeper elected {leader} as the leader, after {before}.",
                Page = "zookeeper",
            };
        }

        _leader = leader;
    }

    private IEnumerable<Change> Verdicts(FleetReading now, Verdict verdict)
    {
        if (_level == verdict.Level)
        {
            yield break;
        }

        if (_level is not null || verdict.Level != HealthLevel.Well)
        {
            yield return new Change
            {
                At = now.At,
                Kind = ChangeKind.Verdict,
                Level = verdict.Level,
                Subject = "verdict",
                Text = verdict.Sentence,
                Page = "",
            };
        }

        _level = verdict.Level;
    }

    private static string TextOf(RegistryEdit edit)
    {
        string[] parts =
        [
            .. (edit.Changes ?? []).Select(change => change switch
            {
                { Before: null } => $"rule “{change.Name}” added{(change.After?.DryRun == true ? " as a dry run" : "")}",
                { After: null } => $"rule “{change.Name}” removed",
                _ => $"rule “{change.Name}” changed",
            }),
            .. edit.ClearedStops.Select(stop => $"stop of {(stop.Rule is { } rule ? $"“{rule}”" : "everything")} cleared"),
            .. edit.PutStops.Select(_ => "a stop put again"),
        ];
        var text = parts.Length > 0 ? string.Join(", ", parts) : "edited; what changed is not recorded";
        return string.Create(CultureInfo.InvariantCulture, $"Rules, revision {edit.Revision}: {text}.");
    }

    private static void Replace<T>(Dictionary<string, T> all, Dictionary<string, T> now)
    {
        all.Clear();
        foreach (var (key, value) in now)
        {
            all[key] = value;
        }
    }
}
