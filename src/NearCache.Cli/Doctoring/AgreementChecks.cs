using NearCache.Cli.Output;

namespace NearCache.Cli.Doctoring;

/// <summary>Checks that the registry, the memcached servers and the processes agree: on rules, stops, servers and prefix.</summary>
internal static class AgreementChecks
{
    // What an edit or a stop needs to be everywhere: audits come every second, reports every 5 s.
    private static readonly TimeSpan Spreading = TimeSpan.FromSeconds(20);

    public static IEnumerable<Check> Of(FleetReading reading)
    {
        if (reading.Rules is not { } rules)
        {
            yield break;
        }

        // They conclude from what is absent.
        foreach (var check in reading.Unread.Count > 0 ? [] : Registry(reading, rules).Concat(Carried(reading, rules)))
        {
            yield return check;
        }

        if (rules.Current.Value is { } current)
        {
            foreach (var check in Stops(reading, current))
            {
                yield return check;
            }
        }

        var differ = Processes(reading).ToArray();
        foreach (var check in differ)
        {
            yield return check;
        }

        if (differ.Length == 0 && reading.Live.Count() > 1)
        {
            yield return Check.Good(
                CheckGroup.Agreement, $"{reading.Live.Count()} processes have the same servers, placement and prefix.");
        }
    }

    private static IEnumerable<Check> Registry(FleetReading reading, FleetRules rules)
    {
        if (reading.Ensemble is not { } ensemble)
        {
            yield return rules.Current.Value is { } configured
                ? Check.Good(CheckGroup.Agreement,
                    $"The rules are those of the configuration: {Words.Count(configured.Rules.Count, "rule")}.")
                : reading.IsBeforeFirstStart || !reading.HasProcesses
                    ? Check.Good(CheckGroup.Agreement, "No memcached server carries rules yet.")
                    : Findings.RulesItemMissing.Because(
                        $"The rules are unknown: {rules.Current.Unknown!.TrimEnd('.')}.",
                        "A running process writes them within seconds of reaching a server. If they stay unknown, mend the servers "
                            + "named above.");
        }
        else if (rules.Registry.Value is { } registry)
        {
            yield return Check.Good(
                CheckGroup.Agreement,
                $"The registry has {Words.Count(registry.Rules.Count, "rule")} in revision {registry.Revision}"
                    + (registry.History is [.., var last] ? $", last edited {Words.Time(last.When)} by {last.Who}." : "."));
        }
        else if (ensemble.Subtree.Value is { } tree)
        {
            if (tree.RegistryBytes is not null && rules.Registry.Cause == UnknownCause.NotPermitted)
            {
                yield return EnsembleChecks.Denied("the registry of the rules", rules.Registry.Unknown!);
            }
            else if (tree.RegistryBytes is not null)
            {
                yield return Findings.RegistryUnreadable.Because(
                    $"The registry has {Words.Bytes(tree.RegistryBytes.Value)} that this version cannot read: "
                        + $"{rules.Registry.Unknown!.TrimEnd('.')}.",
                    "If a newer version wrote it, use that version of the tool. If it was edited by hand, restore what was there from "
                        + "nearcache rules export of an earlier time, or delete the node: running processes create it again from what "
                        + "all memcached servers carry.");
            }
            else if (reading.HasProcesses || rules.Current.IsKnown)
            {
                yield return Findings.RegistryMissing.Because(
                    "The registry of the rules is missing in ZooKeeper.",
                    "A running process creates it again within a minute from what all memcached servers carry. If it stays missing, see "
                        + "the access rights of its parent, and the warnings 1421 of the processes.");
            }
            else
            {
                yield return Check.Good(CheckGroup.Agreement, "There is no registry yet: the first process creates it.");
            }
        }
    }

    private static IEnumerable<Check> Carried(FleetReading reading, FleetRules rules)
    {
        var current = rules.Current.Value;
        var good = 0;
        foreach (var server in rules.Servers.Where(server => Reaches(reading, server.Server)))
        {
            if (server.Carried.Value is not { } carried)
            {
                yield return server.Carried.Cause == UnknownCause.Unreadable
                    ? Findings.RulesUnreadable.Because(
                        $"The rules on {server.Server} cannot be read: {server.Carried.Unknown!.TrimEnd('.')}.",
                        "If a newer version runs, use that version of the tool. Otherwise find the program that writes the item, and "
                            + "delete "
                            + "the item: running processes write it again.")
                    : Findings.ServerUnreadable.Because(
                        $"The rules on {server.Server} were not read: {server.Carried.Unknown!.TrimEnd('.')}.", "Run the command again.");
            }
            else if (carried.Revision is null)
            {
                if (current is not null && reading.HasProcesses)
                {
                    yield return Findings.RulesItemMissing.Because(
                        $"{server.Server} carries no rules, and the fleet is at revision {current.Revision}.",
                        "A running process writes them within seconds. If they stay missing, the processes do not reach the server, or it "
                            + "evicts them: give it memory.");
                }
            }
            else if (current is not null && rules.Registry.IsKnown && carried.Revision > current.Revision)
            {
                yield return Findings.RulesAhead.Because(
                    $"{server.Server} carries revision {carried.Revision}, and the registry is at {current.Revision}.",
                    "Find out whether ZooKeeper was restored from an older copy or replaced. Compare nearcache rules list with the "
                        + "rules that "
                        + $"are meant, apply them, and edit until the revision exceeds {carried.Revision}.");
            }
            else if (current is not null && carried.Revision < current.Revision && !IsRecent(reading, current))
            {
                yield return Findings.RulesBehind.Because(
                    $"{server.Server} carries revision {carried.Revision}, and the fleet is at {current.Revision}.",
                    "A running process updates it within seconds. If it stays behind, no process reaches the server: check their network.");
            }
            else if (current is not null && current.Rules.Any(rule => rule.Since > carried.SettledRevision)
                && !IsRecent(reading, current) && HasHadTimeToSettle(reading, server.Server))
            {
                yield return Findings.RulesUnsettled.Because(
                    $"{server.Server} carries revision {carried.Revision}, of which {carried.SettledRevision ?? 0} is settled.",
                    "Wait for one RuleLease and run the command again. If it stays so, no running process audits the server: look for "
                        + "closed "
                        + "gates and silent processes below.");
            }
            else
            {
                good++;
            }
        }

        if (good > 0 && current is not null)
        {
            yield return Check.Good(
                CheckGroup.Agreement, $"{Words.Count(good, "memcached server carries", "memcached servers carry")} these rules, settled.");
        }
    }

    private static IEnumerable<Check> Stops(FleetReading reading, RegistrySnapshot current)
    {
        foreach (var stop in current.Stops)
        {
            yield return Findings.StopInForce.Because(
                $"{(stop.Rule is null ? "Near caching as a whole" : $"Rule {stop.Rule}")} is stopped by {stop.Who}"
                    + (stop.IsVerified ? "" : " (claimed)") + (stop.When is { } when ? $" since {Words.Time(when)}" : "")
                    + $": {stop.Why.TrimEnd('.')}.",
                $"When the reason is gone: nearcache resume {SafeText.ShellWord(stop.Id)} --why \"…\".");

            var deaf = stop.When is { } put && reading.At - put < Spreading
                ? []
                : reading.Live.Where(process => process.Summary.HasApplied(stop.Id) == false).ToArray();
            if (deaf.Length > 0)
            {
                yield return Findings.StopNotObeyed.Because(
                    $"{Words.Count(deaf.Length, "process has", "processes have")} not applied the stop {stop.Id}: "
                        + $"{Words.List(deaf.Select(process => FleetReading.NameOf(process.Summary)))}.",
                    "Restart these processes: they do not see the memcached servers that carry the stop.");
            }
        }
    }

    private static IEnumerable<Check> Processes(FleetReading reading)
    {
        (Finding Finding, string What, string Setting, Func<ProcessSummary, string?> Hash)[] comparisons =
        [
            (Findings.ServersDiffer, "lists of memcached servers", "Memcached:Servers", summary => summary.ServersHash),
            (Findings.PrefixDiffers, "key prefixes", "KeyPrefix", summary => summary.PrefixHash),
            (Findings.PlacementDiffers, "placements of keys", "Memcached:Distribution and the weights in Memcached:Servers",
                summary => summary.PlacementHash),
        ];
        foreach (var (finding, what, setting, hash) in comparisons)
        {
            var groups = reading.Live.Where(process => hash(process.Summary) is not null)
                .GroupBy(process => hash(process.Summary)!, StringComparer.Ordinal)
                .OrderByDescending(group => group.Count())
                .ToArray();
            if (groups.Length > 1)
            {
                var fewer = groups.Skip(1).SelectMany(group => group).Select(process => FleetReading.NameOf(process.Summary)).ToArray();
                yield return finding.Because(
                    $"Processes have {groups.Length} different {what}: {groups[0].Count()} agree, and other ones have {Words.List(fewer)}.",
                    $"Give every process the same {setting}, and restart those that differ. During a rolling change of it this is "
                        + $"expected.");

                // Different servers are different placements, too.
                if (finding == Findings.ServersDiffer)
                {
                    yield break;
                }
            }
        }

        var own = reading.Servers.Select(server => server.Name).ToHashSet(StringComparer.Ordinal);
        var others = reading.Details.Where(detail => detail.Servers.Count > 0 && own.Count > 0 && !detail.Dropped.Contains("servers")
            && !own.SetEquals(detail.Servers.Select(server => server.Name))).ToArray();
        if (others.Length > 0)
        {
            yield return Findings.OtherConfiguration.Because(
                $"The processes have the servers {Words.List(others[0].Servers.Select(server => server.Name))}, and this configuration "
                    + $"({reading.Source}) has {Words.List(own)}.",
                "Use the configuration of the processes (--config, --environment), with the names of servers as they have them.");
        }

        if (reading.Rules?.Current.Value is { } current && !IsRecent(reading, current))
        {
            var behind = reading.Live.Where(process => process.Summary.RulesRevision < current.Revision
                && reading.At - process.Summary.StartedAt > Spreading).ToArray();
            if (behind.Length > 0)
            {
                yield return Findings.RulesNotApplied.Because(
                    $"{Words.Count(behind.Length, "process works", "processes work")} by rules before revision {current.Revision}: "
                        + $"{Words.List(behind.Select(process => FleetReading.NameOf(process.Summary)))}.",
                    "Check that these processes reach memcached and ZooKeeper; restart them if they do.");
            }
        }
    }

    private static bool IsRecent(FleetReading reading, RegistrySnapshot rules) =>
        rules.History is [.., var last] && reading.At - last.When < Spreading + reading.Options.RuleLease;

    // Rules whose keys have changed are settled a lease after the first process has written them to a server: neither a fleet that
    // starts nor a server that was restarted is at fault.
    private static bool HasHadTimeToSettle(FleetReading reading, string server)
    {
        var needed = Spreading + reading.Options.RuleLease;
        return reading.Live.Any(process => reading.At - process.Summary.StartedAt > needed)
            && !(reading.Servers.FirstOrDefault(one => one.Name == server)?.Statistics.Value?.Uptime < needed);
    }

    // What a server that does not answer carries is unknown, and said once.
    private static bool Reaches(FleetReading reading, string server) =>
        reading.Servers.FirstOrDefault(one => one.Name == server) is { Statistics.IsKnown: true };
}
