using System.Globalization;

namespace NearCache;

/// <summary>Describes the state of a cache for health checks, from what the process knows.</summary>
internal static class HealthDetails
{
    // An idle process sends a request to ZooKeeper about every 30 s.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(90);

    /// <summary>Returns the data of a health check result.</summary>
    public static Dictionary<string, object> Of(NearCacheSnapshot now)
    {
        var data = new Dictionary<string, object>
        {
            ["nearEntries"] = now.NearEntries,
            ["zooKeeper"] = now.ZooKeeper,
            ["rulesRevision"] = now.RulesRevision,
            ["stops"] = string.Join(", ", now.Stops.Select(stop => $"{stop.Id}: {stop.Rule ?? "everything"}, by {stop.Who}")),
        };
        if (now.Neighbours is { Count: > 0 } neighbours)
        {
            data["zooKeeperNeighbours"] = string.Join(", ", neighbours);
        }

        if (now.Budgets is { QuotaRefusals: > 0 } budgets)
        {
            data["zooKeeperQuotaRefusals"] = budgets.QuotaRefusals;
        }

        foreach (var carrier in now.Carriers.Where(carrier => carrier.Name != "ZooKeeper"))
        {
            data[carrier.Name] = carrier.IsDelivering ? "Delivering" : carrier.Problem ?? "Not delivering";
        }

        if (now.Coordination is { } coordination)
        {
            data["zooKeeperNamespace"] = coordination.Namespace;
            data["zooKeeperReplied"] = Ago(coordination.RepliedBefore);
            data["zooKeeperSlotRead"] = Ago(coordination.SlotReadBefore);
            data["zooKeeperAnnounced"] = Ago(coordination.AnnouncedBefore);
            data["zooKeeperRequests"] = coordination.Requests;
            data["zooKeeperFailures"] = coordination.Failures;
            if (coordination.Command is { } command)
            {
                data["zooKeeperCommand"] = command;
            }
        }

        return data;
    }

    /// <summary>Returns each problem as a clause; empty if there is none.</summary>
    public static IReadOnlyList<string> ProblemsOf(NearCacheSnapshot now) =>
    [
        .. now.Servers.Where(server => !server.IsServedNear && server.Conflict is null).Select(
            server => $"{server.Name} is not confirmed, its keys are not served near"),
        .. now.Servers.Where(server => server.Conflict is not null).Select(
            server => $"{server.Conflict}; meanwhile its keys are not served near"),
        .. now.OtherPlacement is { } other ? [$"other processes place keys on \"{other}\""] : Array.Empty<string>(),
        .. now.ZooKeeper is "None" or "Connected"
            ? Array.Empty<string>()
            : [$"ZooKeeper is {now.ZooKeeper}, changes elsewhere are seen within about a second"],
        .. now.Coordination is { } coordination ? ProblemsOf(coordination) : [],
        .. now.Carriers.Where(carrier => carrier is { IsDelivering: false, Name: not "ZooKeeper" }).Select(
            carrier => $"{carrier.Name} does not deliver announcements{(carrier.Problem is { } why ? $", {why}" : "")}"
                + (now.Carriers.Any(other => other.IsDelivering) ? "" : ", changes elsewhere are seen within about a second")),
        .. now.AreRulesReadable ? Array.Empty<string>() : ["the rules cannot be read, nothing is served near"],
        .. now.Monitor is { Violations: > 0 } monitor
            ? [$"{monitor.Violations} checked near hits broke the promise, see event 1830"]
            : Array.Empty<string>(),
        .. now.Rules.Where(rule => rule.ChurnBreaker != ChurnBreakerState.Closed)
            .Select(rule => $"the churn breaker of rule {rule.Name} is "
                + $"{(rule.ChurnBreaker == ChurnBreakerState.Open ? "open" : "half-open")}, changes of its keys elsewhere are seen "
                + "within about a second"),
        .. now.Stops.Select(stop => $"{(stop.Rule is null ? "everything" : $"rule {stop.Rule}")} is stopped by {stop.Who}"),
    ];

    private static IEnumerable<string> ProblemsOf(CoordinationSnapshot now)
    {
        if (now.SilentFor > LongestSilence)
        {
            yield return $"ZooKeeper has not replied for longer than {LongestSilence.TotalSeconds:0} s";
        }

        if (now.Problem is not null)
        {
            yield return now.Problem;
        }

        foreach (var failing in now.Failing)
        {
            yield return $"ZooKeeper requests fail: {failing.TrimEnd('.')}";
        }
    }

    private static string Ago(TimeSpan? span) =>
        span is { } before ? string.Create(CultureInfo.InvariantCulture, $"{before.TotalSeconds:0} s ago") : "never";
}
