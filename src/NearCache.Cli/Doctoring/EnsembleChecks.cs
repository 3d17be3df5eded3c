using System.Globalization;
using NearCache.Cli.Output;

namespace NearCache.Cli.Doctoring;

/// <summary>Checks the ZooKeeper ensemble and the nodes of the namespace.</summary>
internal static class EnsembleChecks
{
    private const double SlowMilliseconds = 100;
    private const long ManyOutstanding = 1_000;
    private const double NearlyUsed = 0.9;
    private const int Format = 1;
    private const int MaxReasons = 4;

    public static IEnumerable<Check> Of(FleetReading reading)
    {
        if (reading.Ensemble is not { } ensemble)
        {
            if (reading.Mistakes.Count == 0)
            {
                yield return Check.Good(CheckGroup.ZooKeeper, "No ZooKeeper is configured: audits find changes within about a second.");
            }

            yield break;
        }

        var serves = ensemble.LastZxid.IsKnown;
        foreach (var check in Servers(ensemble, serves).Concat(Tree(reading, ensemble, serves)))
        {
            yield return check;
        }

        if (reading.CoTenants is { Value: { Count: > 0 } tenants })
        {
            yield return Findings.CoTenants.Because(
                $"The ensemble is shared with {Words.Count(tenants.Count, "other application")}: "
                    + $"{Words.List(tenants.Names.Select(one => one.Path + (one.Product is null ? "" : $" ({one.Product})")))}.",
                "Give the fleet an ensemble of its own, or set Ensemble:QuotaZNodes and access rights, and watch its share with "
                    + "nearcache znodes.");
        }
    }

    /// <summary>Returns the finding of what the access rights do not allow.</summary>
    public static Check Denied(string what, string reason) => Findings.AccessDenied.Because(
        $"The access rights do not allow to read {what}: {reason.TrimEnd('.')}.",
        "Use the identity of the processes (ZooKeeper:Authentications, or --zookeeper-user), or add world:anyone:r to Ensemble:Acl and to "
            + "the nodes that exist.");

    private static IEnumerable<Check> Servers(FleetEnsemble ensemble, bool serves)
    {
        var down = ensemble.Servers.Where(server => !server.Status.IsKnown && server.Status.Cause is UnknownCause.NoAnswer).ToArray();
        var waiting = ensemble.Servers.Where(server => server.Status.Cause == UnknownCause.NoQuorum).ToArray();
        if (!serves && (waiting.Length > 0 || (down.Length > 0 && down.Length < ensemble.Servers.Count)))
        {
            yield return Findings.NoQuorum.Because(
                $"The ensemble serves no requests: {Words.Count(waiting.Length, "server has", "servers have")} no quorum"
                    + (down.Length > 0 ? $", and {Words.List(down.Select(server => server.Name))} {(down.Length == 1 ? "does" : "do")} "
                        + $"not answer." : "."),
                "Start the missing servers of the ensemble until more than half of them run.");
        }
        else if (!serves)
        {
            // A session is tried again until the time is over; a server tells why it was not reached.
            var reasons = ensemble.Servers.Where(server => !server.Status.IsKnown).Select(server => server.Status.Unknown!.TrimEnd('.'))
                .Prepend(ensemble.LastZxid.Unknown!.TrimEnd('.')).Distinct(StringComparer.Ordinal).ToArray();
            yield return Findings.ZooKeeperUnreachable.Because(
                $"ZooKeeper does not answer: {string.Join("; ", reasons.Take(MaxReasons))}.",
                TlsAdvice.Of(string.Join(' ', reasons), "ZooKeeper:ConnectionString")
                    ?? "Check that the ensemble runs, that this machine reaches it, and ZooKeeper:ConnectionString, ZooKeeper:Tls and the "
                    + "identity.");
        }
        else if (down.Length > 0)
        {
            yield return Findings.EnsembleServerDown.Because(
                $"{Words.List(down.Select(server => server.Name))} of {ensemble.Servers.Count} servers "
                    + $"{(down.Length == 1 ? "does" : "do")} not answer.",
                "Start it, or take it out of ZooKeeper:ConnectionString.");
        }

        var slow = ensemble.Servers.Where(server =>
            server.Status.Value is { MeanLatency: > SlowMilliseconds } or { Outstanding: > ManyOutstanding })
            .ToArray();
        foreach (var server in slow)
        {
            var status = server.Status.Value!;
            yield return Findings.EnsembleSlow.Because(
                string.Create(CultureInfo.InvariantCulture,
                    $"{server.Name} needs {status.MeanLatency:0} ms for a request on average, and {status.Outstanding} requests wait."),
                "Look for the application that loads the ensemble with nearcache znodes, and at the disk of the server.");
        }

        if (serves && down.Length == 0 && slow.Length == 0)
        {
            yield return Check.Good(
                CheckGroup.ZooKeeper,
                $"{Words.Count(ensemble.Servers.Count, "server answers", "servers answer")}"
                    + (ensemble.Servers.Select(server => server.Status.Value).OfType<FleetEnsembleStatus>()
                        .ToArray() is { Length: > 0 } known
                        ? $" ({string.Join(", ", known.Select(one => one.Mode))}; mean latency at most "
                            + Words.Of(TimeSpan.FromMilliseconds(known.Max(one => one.MeanLatency ?? 0))) + ")."
                        : "; srvr is not permitted, so their state is unknown."));
        }
    }

    private static IEnumerable<Check> Tree(FleetReading reading, FleetEnsemble ensemble, bool serves)
    {
        if (ensemble.Subtree.Value is not { } tree)
        {
            // What an ensemble that does not answer has is unknown, and said once.
            if (ensemble.Subtree.Cause == UnknownCause.NotPermitted)
            {
                yield return Denied($"the nodes of namespace {reading.Options.Namespace}", ensemble.Subtree.Unknown!);
            }
            else if (ensemble.Chroot.Length > 0 && ensemble.Subtree.Cause == UnknownCause.Absent)
            {
                yield return Findings.ChrootMissing.Because(
                    $"The chroot {ensemble.Chroot} does not exist.",
                    $"If it is mistyped, correct ZooKeeper:ConnectionString. If not, create it (zkCli: create {ensemble.Chroot}), or set "
                        + "ZooKeeper:CreateChroot.");
            }
            else if (serves)
            {
                yield return Findings.ServerUnreadable.Because(
                    $"The nodes of the namespace were not read: {ensemble.Subtree.Unknown!.TrimEnd('.')}.", "Run the command again.");
            }

            yield break;
        }

        if (tree.Format > Format)
        {
            yield return Findings.NewerFormat.Because(
                $"The namespace has format {tree.Format}, which this version does not know.",
                    "Use the version of the processes that wrote it.");
        }

        var missing = tree.Missing.Where(path => !path.EndsWith("/rules", StringComparison.Ordinal)).ToArray();
        var isNew = tree.Format is null && tree.Members == 0;
        if (missing.Length > 0 && !isNew && !(reading.IsBeforeFirstStart && !reading.HasProcesses))
        {
            yield return Findings.NodesMissing.Because(
                $"{Words.Count(missing.Length, "node of the namespace is", "nodes of the namespace are")} missing: {Words.List(missing)}.",
                "A running process creates them again within a minute. If they stay missing, see the access rights of their parent, and "
                    + "the "
                    + "warnings 1421 of the processes.");
        }
        else
        {
            yield return Check.Good(
                CheckGroup.ZooKeeper,
                isNew ? "The namespace has no nodes yet: the first process creates them."
                    : $"The nodes of the namespace are complete, with {Words.Count(tree.Members, "member")}."
                        + Load(reading, tree, out _));
        }

        if (Load(reading, tree, out var ours) is { Length: > 0 } load && ours > reading.Options.Budgets.AnnouncementsPerNamespace * 1.2)
        {
            yield return Findings.OverBudget.Because(
                load.Trim(), "Find the rule whose keys are written with nearcache rules list, and stop it with nearcache stop RULE "
                    + "--why \"…\".");
        }

        if (Quota(tree) is { } quota)
        {
            yield return quota;
        }
    }

    private static Check? Quota(FleetSubtree tree)
    {
        if (tree.Quota.Value is not { Limits: { } limits, Used: { } used })
        {
            return null;
        }

        var (most, now) = (Numbers(limits), Numbers(used));
        foreach (var (name, setting) in new[] { ("count", "Ensemble:QuotaZNodes"), ("bytes", "Ensemble:QuotaBytes") })
        {
            // Hard limits have names of their own.
            var limit = new[] { name, name + "HardLimit" }.Select(one => most.GetValueOrDefault(one, -1)).Where(one => one > 0)
                .DefaultIfEmpty(-1).Min();
            if (limit > 0 && now.GetValueOrDefault(name) is var taken && taken >= limit * NearlyUsed)
            {
                return Findings.QuotaNearLimit.Because(
                    $"The namespace uses {Words.Number(taken)} of its quota of {Words.Number(limit)} ({name}).",
                    $"Remove leftovers with nearcache clean, or raise the quota (zkCli: setquota, and {setting} for new namespaces).");
            }
        }

        return null;
    }

    // "count=13,bytes=2048" or "count=100,bytes=-1=;byteHardLimit=-1;countHardLimit=120"
    private static Dictionary<string, long> Numbers(string text)
    {
        var numbers = new Dictionary<string, long>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(',', ';'))
        {
            var (name, value) = part.Split('=') is [var first, var second, ..] ? (first.Trim(), second) : ("", "");
            if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            {
                numbers[name == "byteHardLimit" ? "bytesHardLimit" : name] = number;
            }
        }

        return numbers;
    }

    // What this namespace writes, of all transactions of the ensemble.
    private static string Load(FleetReading reading, FleetSubtree tree, out double ours)
    {
        ours = 0;
        if (reading.EarlierEnsemble?.Subtree.Value is not { } before
            || before.SlotWrites.Count != tree.SlotWrites.Count
            || reading.Between <= TimeSpan.Zero)
        {
            return "";
        }

        var writes = tree.SlotWrites.Sum() - before.SlotWrites.Sum() + (tree.RegistryWrites ?? 0) - (before.RegistryWrites ?? 0);
        ours = Math.Max(writes, 0) / reading.Between.TotalSeconds;
        var all = reading.Ensemble!.TransactionsPerSecond;
        return $" It writes {Words.Rate(ours)} transactions a second"
            + (all.IsKnown ? $", of {Words.Rate(all.Value)} of all applications." : ".");
    }
}
