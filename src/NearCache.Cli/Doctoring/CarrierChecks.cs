using NearCache.Cli.Output;

namespace NearCache.Cli.Doctoring;

/// <summary>Checks that the carriers of announcements deliver in every process that has them.</summary>
internal static class CarrierChecks
{
    public static IEnumerable<Check> Of(FleetReading reading)
    {
        // A process that has just started has no evidence yet.
        var running = reading.Live.Where(process => process.Summary.State == ProcessState.Running
            && reading.At - process.Summary.StartedAt > ProcessChecks.Starting).ToArray();
        var names = running.SelectMany(process => process.Summary.Carriers.Keys).Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal).ToArray();
        var isWell = names.Length > 0;
        foreach (var name in names)
        {
            var with = running.Where(process => process.Summary.Carriers.ContainsKey(name)).ToArray();
            var silent = with.Where(process => !process.Summary.Carriers[name]).ToArray();
            isWell &= silent.Length == 0;
            silent = [.. silent.Where(process => !IsSaidAlready(reading, name, process.Report))];
            if (silent.Length > 0)
            {
                yield return Silent(reading, name, with.Length, silent);
            }
        }

        if (isWell)
        {
            yield return Check.Good(
                CheckGroup.Processes,
                $"{string.Join(" and ", names)} {(names.Length == 1 ? "delivers" : "deliver")} announcements in every process.");
        }
    }

    // What an ensemble that does not answer, or a process without a session, does not deliver is said by their findings.
    private static bool IsSaidAlready(FleetReading reading, string name, ProcessReport process) =>
        name == "ZooKeeper"
        && reading.Ensemble is { } ensemble
        && (!ensemble.LastZxid.IsKnown || (process.Member is null && reading.Reports!.Value!.MembersUnknown is null));

    private static Check Silent(FleetReading reading, string name, int all, (ProcessReport Report, ProcessSummary Summary)[] silent)
    {
        var ids = silent.Select(process => process.Report.Id).ToHashSet(StringComparer.Ordinal);
        var problems = reading.Details.Where(detail => ids.Contains(detail.Id)).SelectMany(detail => detail.Carriers)
            .Where(carrier => carrier is { IsDelivering: false, Problem.Length: > 0 } && carrier.Name == name)
            .Select(carrier => carrier.Problem!.TrimEnd('.'))
            .Distinct(StringComparer.Ordinal);
        var because = Words.List(problems, 3);
        return Findings.CarrierSilent.Because(
            $"{name} does not deliver announcements in {silent.Length} of {Words.Count(all, "process", "processes")}: "
                + Words.List(silent.Select(process => FleetReading.NameOf(process.Summary)))
                + (because.Length > 0 ? $"; {because}." : "."),
            (silent.Length == all
                ? $"See that {name} runs, and that it accepts the login of the processes."
                : $"See that these processes reach {name}: their network, their settings, and their login.")
                + " They try again by themselves; event 1860 in their logs says more.");
    }
}
