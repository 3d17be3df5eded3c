using System.Diagnostics;
using System.Globalization;
using NearCache;
using ReleaseReplay.Cluster;

namespace ReleaseReplay.Runs;

/// <summary>Asks an observer of the fleet whose connections there are, and answers in the words of the console.</summary>
/// <param name="servers">The servers.</param>
/// <param name="isNaive">Whether the pods have no NearCache.</param>
/// <param name="hasOtherClient">Whether pods have another client beside it.</param>
/// <param name="podAt">Returns the name of the pod whose node has an address; null if there is none.</param>
internal sealed class FleetView(
    IReadOnlyList<MemcachedServer> servers, bool isNaive, bool hasOtherClient, Func<string, string?> podAt)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private const int MostOwners = 3;
    private static readonly TimeSpan Late = TimeSpan.FromSeconds(0.5);

    /// <summary>Returns a sentence for each server that answers.</summary>
    /// <remarks>Each question has a client of its own, because a client asks a server at most every 30 seconds.</remarks>
    public async Task<IReadOnlyList<string>> AskAsync() => (await ReadAsync()).Sentences;

    /// <summary>
    /// Asks until each connection has an owner, since a connection that was just opened is not in a report yet. Once only where another
    /// client has connections that no report will have.
    /// </summary>
    public async Task<IReadOnlyList<string>> AskForAllAsync()
    {
        var clock = Stopwatch.StartNew();
        var (sentences, isComplete) = await ReadAsync();
        while (!isComplete && !isNaive && !hasOtherClient && clock.Elapsed < Patience)
        {
            await Task.Delay(1000);
            (sentences, isComplete) = await ReadAsync();
        }

        return sentences;
    }

    private async Task<(IReadOnlyList<string> Sentences, bool IsComplete)> ReadAsync()
    {
        var options = new NearCacheOptions { Namespace = Scenario.Namespace, KeyPrefix = Scenario.KeyPrefix };
        foreach (var server in servers)
        {
            options.Memcached.Servers.Add(server.Address);
        }

        await using var client = await FleetClient.ConnectAsync(options, new FleetClientOptions { ReadOnly = true });
        var owned = await client.GetConnectionOwnersAsync();
        var reports = (await client.GetReportsAsync()).Value?.Processes ?? [];
        string[] sentences =
        [
            .. owned.Index().Where(server => server.Item.Problem is null)
                .Select(server => Describe(server.Item, server.Index + 1, reports)),
        ];
        return (sentences, owned.All(server => server is { Problem: null, Unaccounted: 0 } && server.Seen == server.Expected));
    }

    private string Describe(ConnectionOwnership server, int number, IReadOnlyList<ProcessReport> reports)
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

    private string NameOf(ConnectionOwner owner, IReadOnlyList<ProcessReport> reports)
    {
        var processes = owner.Processes.Select(process => reports.FirstOrDefault(report => report.Id == process.Id)?.Summary)
            .OfType<ProcessSummary>().ToArray();
        var name = owner.Processes.Any(process => process.IsThisClient) ? "this program, which counts"
            : owner.Address == MemcachedServer.OtherApplication.ToString() ? $"{owner.Address}: another application"
            : processes is [var one] ? $"{one.Pod}: {(hasOtherClient ? "its other client" : "not in its report yet")}"
            : owner.Kind != ConnectionOwnerKind.Foreign ? owner.ToString()
            : podAt(owner.Address) is not { } pod ? $"{owner.Address}, which is no pod's"
            : isNaive ? $"{pod}: not NearCache's"
            : $"{pod}: it has not reported yet";
        var delay = processes.Select(process => process.ThreadPoolDelay).DefaultIfEmpty().Max();
        return delay > Late
            ? string.Create(CultureInfo.InvariantCulture, $"{name}; thread pool {delay.TotalSeconds:0.0} s late")
            : name;
    }
}
