using NearCache.Cli.Output;

namespace NearCache.Cli.Doctoring;

/// <summary>Checks the namespace and those beside it.</summary>
internal static class NamespaceChecks
{
    // A namespace without members may be a fleet that is switched off at night, or has just been created.
    private static readonly TimeSpan Unused = TimeSpan.FromDays(7);

    public static IEnumerable<Check> Of(FleetReading reading)
    {
        var own = reading.Options.Namespace;
        var all = reading.Namespaces?.Value ?? [];
        var isEmpty = !reading.HasProcesses && reading.Rules?.Current.IsKnown != true
            && (reading.Reports is null or { IsKnown: false } || reading.Reports.Value!.Processes.Count == 0)
            && reading.Servers.All(server => server.Namespace.Value?.Writes is null);
        var living = all.Where(other => !other.IsOwn && other.Members.Value > 0).ToArray();
        var near = all.Where(other => !other.IsOwn && IsSimilar(other.Name, own)).MaxBy(other => other.Members.Value);
        if (isEmpty && (near is not null || (living.Length > 0 && !reading.IsBeforeFirstStart)))
        {
            var meant = near ?? living[0];
            yield return Findings.NamespaceUnknown.Because(
                $"Namespace {own} has no process, no rules and no counters, and there "
                    + (near is not null ? $"is one of a similar name: {meant.Name} with "
                        + $"{Words.Count(meant.Members.Value, "process", "processes")}."
                        : $"are others: {Words.List(living.Select(other => other.Name))}."),
                $"If {meant.Name} is meant, correct Namespace in {reading.Source}. If the namespace is new, run the command with --pre.");
        }

        var empty = all.Where(other => !other.IsOwn && other.Members is { IsKnown: true, Value: 0 }
            && other.CreatedAt is { IsKnown: true } && reading.At - other.CreatedAt.Value > Unused).ToArray();
        if (empty.Length > 0)
        {
            yield return Findings.NamespacesLeftOver.Because(
                $"{Words.Count(empty.Length, "namespace has", "namespaces have")} no process: "
                    + $"{Words.List(empty.Select(other => other.Name))}.",
                "If such a fleet is no longer used, remove its namespace in two steps: docs/operations/ensemble.md.");
        }

        if (reading.Options.Ensemble.WarnAboveNamespaces is > 0 and var most && all.Count > most)
        {
            yield return Findings.TooManyNamespaces.Because(
                $"The ensemble has {Words.Count(all.Count, "namespace")}, more than {most}.",
                "Give all processes that share data one Namespace, without a name of the machine or a random part in it.");
        }

        if (reading.Ensemble?.Subtree.Value is { Leftovers: > 0 } tree)
        {
            yield return Findings.NodesLeftOver.Because(
                $"The namespace has {Words.Count(tree.Leftovers, "node")} of another layout, and perhaps more below.",
                "See what there is with nearcache clean, then remove it with nearcache clean --yes.");
        }
    }

    // One letter more, less or other, or two exchanged. A digit makes another name: shop-1, shop-2.
    private static bool IsSimilar(string one, string other)
    {
        if (Math.Abs(one.Length - other.Length) > 1 || Math.Max(one.Length, other.Length) < 3)
        {
            return false;
        }

        var start = one.Zip(other).TakeWhile(pair => pair.First == pair.Second).Count();
        var (a, b) = (one[start..], other[start..]);
        if (a.Length + b.Length == 0 || (a + b).Any(char.IsAsciiDigit))
        {
            return false;
        }

        return a.Length == b.Length
            ? a[1..] == b[1..] || (a.Length > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..])
            : a.Length > b.Length ? a[1..] == b : b[1..] == a;
    }
}
