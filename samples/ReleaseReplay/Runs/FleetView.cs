using System.Globalization;
using NearCache;
using ReleaseReplay.Cluster;

namespace ReleaseReplay.Runs;

/// <summary>Asks an observer of the fleet whose connections there are, and answers in the words of the console.</summary>
internal static class FleetView
{
    private const int MostOwners = 3;
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(0.5);

    /// <summary>Returns a sentence for each server that answers.</summary>
    /// <remarks>Each question has a client of its own, because a client asks a server at most every 30 seconds.</remarks>
    public static async Task<IReadOnlyList<string>> AskAsync(IReadOnlyList<MemcachedServer> servers)
    {
        var options = new NearCacheOptions { Namespace = Scenario.Namespace, KeyPrefix = Scenario.KeyPrefix };
        foreach (var server in servers)
        {
            options.Memcached.Servers.Add(server.Address);
        }

        await using var client = await FleetClient.ConnectAsync(options, new FleetClientOptions { ReadOnly = true });
        var owned = await client.GetConnectionOwnersAsync();
        var reports = (await client.GetReportsAsync()).Value?.Processes ?? [];
        return
        [
            .. owned.Index().Where(server => server.Item.Problem is null)
                .Select(server => Describe(server.Item, server.Index + 1, reports)),
        ];
    }

    private static string Describe(ConnectionOwnership server, int number, IReadOnlyList<ProcessReport> reports)
    {
        // The client that asks is not the shop's.
        var own = server.Owners.Where(owner => owner.Processes.Any(process => process.IsThisClient)).Sum(owner => owner.Expected);
        var text = string.Create(CultureInfo.InvariantCulture, $"cache-{number}: NearCache {server.Seen - server.Unaccounted - own}, "
            + $"expected {server.Expected - own}; unaccounted {server.Unaccounted}");
        foreach (var owner in server.Owners.Where(owner => owner.Unaccounted > 0).Take(MostOwners))
        {
            text += string.Create(CultureInfo.InvariantCulture, $", of them {owner.Unaccounted} from {NameOf(owner, reports)}");
        }

        return text + ".";
    }

    private static string NameOf(ConnectionOwner owner, IReadOnlyList<ProcessReport> reports)
    {
        var processes = owner.Processes.Select(process => reports.FirstOrDefault(report => report.Id == process.Id)?.Summary)
            .OfType<ProcessSummary>().ToArray();
        var name = processes is [var one] ? $"{one.Pod}: its other client"
            : owner.Kind == ConnectionOwnerKind.Foreign ? $"{owner.Address}, not NearCache's"
            : owner.ToString();
        var delay = processes.Select(process => process.ThreadPoolDelay).DefaultIfEmpty().Max();
        return delay > Late
            ? string.Create(CultureInfo.InvariantCulture, $"{name}; thread pool {delay.TotalSeconds:0.0} s late")
            : name;
    }
}
