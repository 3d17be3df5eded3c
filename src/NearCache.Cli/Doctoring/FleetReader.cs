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
    public async Task<FleetReading> ReadAsync(string source, bool isBeforeFirstStart, CancellationToken cancellationToken)
    {
        var addresses = AddressesAsync(cancellationToken);
        var first = time.GetTimestamp();
        var earlierServers = client.GetServersAsync(cancellationToken);
        var earlierEnsemble = client.GetEnsembleAsync(cancellationToken);
        var rules = client.GetRulesAsync(cancellationToken);
        var namespaces = client.GetNamespacesAsync(cancellationToken);
        var tenants = client.GetCoTenantsAsync(cancellationToken);
        var reports = await client.GetReportsAsync(cancellationToken).ConfigureAwait(false);
        var details = DetailsAsync(reports, cancellationToken);
        await rules.ConfigureAwait(false);
        var usage = client.GetUsageAsync(cancellationToken);
        await Task.WhenAll(earlierServers, earlierEnsemble).ConfigureAwait(false);
        if (time.GetElapsedTime(first) is var passed && passed < BetweenReadings)
        {
            await Task.Delay(BetweenReadings - passed, time, cancellationToken).ConfigureAwait(false);
        }

        var between = time.GetElapsedTime(first);
        var servers = client.GetServersAsync(cancellationToken);
        var ensemble = client.GetEnsembleAsync(cancellationToken);
        return new FleetReading
        {
            Options = options,
            Source = source,
            IsBeforeFirstStart = isBeforeFirstStart,
            EarlierServers = await earlierServers.ConfigureAwait(false),
            EarlierEnsemble = await earlierEnsemble.ConfigureAwait(false),
            Between = between,
            Addresses = (await servers.ConfigureAwait(false)).Zip(await addresses.ConfigureAwait(false))
                .ToDictionary(pair => pair.First.Name, pair => pair.Second),
            Rules = await rules.ConfigureAwait(false),
            Usage = options.Memcached.Servers.Count == 0 ? null : await usage.ConfigureAwait(false),
            Servers = await servers.ConfigureAwait(false),
            Ensemble = await ensemble.ConfigureAwait(false),
            Reports = reports,
            Details = await details.ConfigureAwait(false),
            Namespaces = options.ZooKeeper.ConnectionString.Length == 0 ? null : await namespaces.ConfigureAwait(false),
            CoTenants = options.ZooKeeper.ConnectionString.Length == 0 ? null : await tenants.ConfigureAwait(false),
            At = time.GetUtcNow(),
        };
    }

    private async Task<IReadOnlyList<ProcessDetail>> DetailsAsync(Observed<FleetReports> reports, CancellationToken cancellationToken)
    {
        // Spread over the fleet, so that pods of one deployment do not hide those of another; and some that have a problem to tell.
        ProcessReport[] live = [.. (reports.Value?.Processes ?? []).Where(process => process.Status == ProcessReportStatus.Live)];
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
