using System.Net;
using System.Net.Sockets;

namespace NearCache.Cli.Doctoring;

/// <summary>Reads what the doctor judges, within a few seconds, and changes nothing.</summary>
/// <param name="client">The client of the fleet.</param>
/// <param name="options">The settings of the caches.</param>
/// <param name="time">The clock.</param>
internal sealed class FleetReader(FleetClient client, NearCacheOptions options, TimeProvider time)
{
    // Long enough for a rate, and short beside the ten seconds of the whole.
    private static readonly TimeSpan BetweenReadings = TimeSpan.FromSeconds(2);

    // The long reports that are read: some tell what is wrong with a server or a rule, and all would be many requests in a large fleet.
    private const int MaxDetails = 24;
    private const int MaxTroubled = 4;

    /// <summary>Reads everything. A part that cannot be read is unknown, and delays no other.</summary>
    public async Task<FleetReading> ReadAsync(string source, bool isBeforeFirstStart, ReadingLimit limit)
    {
        var token = limit.Token;
        var addresses = AddressesAsync(token);
        var first = time.GetTimestamp();
        var earlierServers = client.GetServersAsync(token);
        var earlierEnsemble = client.GetEnsembleAsync(token);
        var reading = client.GetRulesAsync(token);
        var namespaces = client.GetNamespacesAsync(token);
        var tenants = client.GetCoTenantsAsync(token);
        var reports = await limit.OfAsync("the processes", client.GetReportsAsync(token)).ConfigureAwait(false);
        var details = DetailsAsync(reports, token);
        var rules = await limit.OfAsync("the rules", reading).ConfigureAwait(false);
        var usage = client.GetUsageAsync(token);
        var before = (
            Servers: await limit.OfAsync("memcached", earlierServers).ConfigureAwait(false) ?? [],
            Ensemble: await limit.OfAsync("ZooKeeper", earlierEnsemble).ConfigureAwait(false));
        if (time.GetElapsedTime(first) is var passed && passed < BetweenReadings)
        {
            await Task.Delay(BetweenReadings - passed, time, token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Where there is no second reading in time, the first is judged, without rates.
        var between = time.GetElapsedTime(first);
        var (servers, ensemble) = (client.GetServersAsync(token), client.GetEnsembleAsync(token));

        // The first request waits for the connection, and a server may answer only now.
        if (rules?.Servers.Any(server => !server.Carried.IsKnown) == true)
        {
            rules = await limit.OfAsync("the rules", client.GetRulesAsync(token)).ConfigureAwait(false) ?? rules;
        }

        var later = (
            Servers: before.Servers.Count == 0 ? null : await limit.OfAsync("the rates of memcached", servers).ConfigureAwait(false),
            Ensemble: before.Ensemble is null ? null : await limit.OfAsync("the rates of ZooKeeper", ensemble).ConfigureAwait(false));

        var counts = await limit.OfAsync("the addresses of servers", addresses).ConfigureAwait(false);
        return new FleetReading
        {
            Options = options,
            Source = source,
            IsBeforeFirstStart = isBeforeFirstStart,
            EarlierServers = later.Servers is null ? [] : before.Servers,
            EarlierEnsemble = later.Ensemble is null ? null : before.Ensemble,
            Between = between,
            Addresses = counts is null ? new Dictionary<string, int>()
                : before.Servers.Zip(counts).ToDictionary(pair => pair.First.Name, pair => pair.Second),
            Rules = rules,
            Usage = options.Memcached.Servers.Count == 0 ? null
                : await limit.OfAsync("the use of the rules", usage).ConfigureAwait(false),
            Servers = later.Servers ?? before.Servers,
            Ensemble = later.Ensemble ?? before.Ensemble,
            Reports = reports,
            Details = await limit.OfAsync("the long reports of processes", details).ConfigureAwait(false) ?? [],
            Namespaces = options.ZooKeeper.ConnectionString.Length == 0 ? null
                : await limit.OfAsync("the namespaces of the ensemble", namespaces).ConfigureAwait(false),
            CoTenants = options.ZooKeeper.ConnectionString.Length == 0 ? null
                : await limit.OfAsync("the other applications of the ensemble", tenants).ConfigureAwait(false),
            At = time.GetUtcNow(),
            Limit = limit.Limit,
            Unread = [.. limit.Unread],
        };
    }

    private async Task<IReadOnlyList<ProcessDetail>> DetailsAsync(Observed<FleetReports>? reports, CancellationToken cancellationToken)
    {
        // Spread over the fleet, so that pods of one deployment do not hide those of another; and some that have a problem to tell.
        ProcessReport[] live = [.. (reports?.Value?.Processes ?? []).Where(process => process.Status == ProcessReportStatus.Live)];
        var some = live.Length <= MaxDetails ? live : [.. Enumerable.Range(0, MaxDetails).Select(i => live[i * live.Length / MaxDetails])];
        var troubled = live.Where(process => process.Summary?.Carriers.Values.Contains(false) == true).Take(MaxTroubled);
        var read = await Task.WhenAll(some.Union(troubled).Select(process => client.GetReportAsync(process.Id, cancellationToken)))
            .ConfigureAwait(false);
        return [.. read.Select(detail => detail.Value).OfType<ProcessDetail>()];
    }

    // The number of addresses of each configured server, 0 where it is not known or there is no name.
    private async Task<IReadOnlyList<int>> AddressesAsync(CancellationToken cancellationToken)
    {
        return await Task.WhenAll(options.Memcached.Servers.Select(server =>
            HostOf(server) is { Length: > 0 } host && !IPAddress.TryParse(host, out _) ? CountAsync(host) : Task.FromResult(0)))
            .ConfigureAwait(false);

        static string HostOf(string server) => server.StartsWith('[') || server.StartsWith('/') ? "" : server.Split(' ', ':')[0];

        async Task<int> CountAsync(string host)
        {
            try
            {
                // One machine often has an address of each family.
                var all = await Dns.GetHostAddressesAsync(host, cancellationToken).WaitAsync(BetweenReadings, time, cancellationToken)
                    .ConfigureAwait(false);
                return all.GroupBy(address => address.AddressFamily).Max(family => family.Distinct().Count());
            }
            catch (Exception e) when (e is SocketException or TimeoutException or ArgumentException or InvalidOperationException)
            {
                return 0;
            }
        }
    }
}
