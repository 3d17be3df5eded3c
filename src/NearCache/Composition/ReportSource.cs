using System.Net;
using NearCache.Coherence.Ledger;
using NearCache.HotKeys;
using NearCache.Reports;
using NearCache.Reports.Core;

namespace NearCache.Composition;

/// <summary>Creates the reports of this process from the state of its cache.</summary>
/// <param name="environment">The settings and the clocks.</param>
/// <param name="coherence">The servers and the rules.</param>
/// <param name="traffic">Creates the parts about keys and rules.</param>
/// <param name="snapshot">Returns the state of the cache.</param>
internal sealed class ReportSource(
    CacheEnvironment environment, CoherenceTier coherence, TrafficReport traffic, Func<NearCacheSnapshot> snapshot) : IReportSource
{
    private const string PodVariable = "POD_NAME";
    private const string NodeVariable = "NODE_NAME";
    private const string AddressVariable = "NODE_IP";

    // The stops of which a report names each. More are only counted.
    private const int NamedStops = 6;

    private readonly string? _pod = NameOf(environment.Options.Reports.PodName, PodVariable);
    private readonly string? _node = NameOf(environment.Options.Reports.NodeName, NodeVariable);
    private readonly string? _nodeAddress =
        IPAddress.TryParse(NameOf(environment.Options.Reports.NodeAddress, AddressVariable), out var address) ? address.ToString() : null;

    private readonly DateTimeOffset _startedAt = environment.Time.GetUtcNow();
    private TimeSpan _pauses = GC.GetTotalPauseDuration();

    public string PodOrHost => _pod ?? Environment.MachineName;

    public ProcessSummary Summarize(int starts, bool isLast)
    {
        var (now, metrics, stops) = (snapshot(), environment.Metrics, coherence.Rules.Stops.Stops);
        var connections = MemcachedOf(now);
        var pauses = GC.GetTotalPauseDuration();
        var summary = new ProcessSummary
        {
            Id = environment.Member,
            Namespace = environment.Options.Namespace,
            Host = Environment.MachineName,
            Pod = _pod,
            Node = _node,
            NodeAddress = _nodeAddress,
            ProcessId = Environment.ProcessId,
            Version = typeof(ReportSource).Assembly.GetName().Version?.ToString() ?? "",
            StartedAt = _startedAt,
            Starts = starts,
            State = isLast ? ProcessState.Ended : now.IsWarm ? ProcessState.Running : ProcessState.Starting,
            ServersHash = ReportNames.HashOf(string.Join(',', now.Servers.Select(server => server.Name).Order(StringComparer.Ordinal))),
            PlacementHash = ReportNames.HashOf(coherence.Placement),
            PrefixHash = coherence.Context.Prefix.Value is { } prefix ? ReportNames.HashOf(prefix) : null,
            RulesRevision = now.RulesRevision,
            Stops = stops.Length,
            StopHashes = [.. stops.OrderByDescending(stop => stop.When).Take(NamedStops)
                .Select(stop => ProcessSummary.HashOfStop(stop.Id))],
            ConfirmedBefore = now.Servers.Any(server => server.ConfirmedBefore is null)
                ? null
                : now.Servers.Select(server => server.ConfirmedBefore).Max(),
            NearHits = now.NearHits,
            RemoteReads = metrics.RemoteReads,
            RemoteLatency = RoundTrips.Percentile99(
                coherence.Servers.All.SelectMany(server => server.RoundTrips.Recent(environment.Clock.Monotonic()))),
            Failures = metrics.RemoteFailures,
            FactoryRuns = metrics.FactoryRuns,
            Connections = [.. now.Servers.Select(server => connections[server.Name].Count())],
            ThreadPoolDelay = ReportThread.LongestDelay,
            GarbageCollectionPause = pauses - _pauses,
            Monitor = now.Monitor is { } monitor
                ? new ReportedMonitor
                {
                    Violations = monitor.Violations,
                    ViolatedBefore = monitor.ViolatedBefore,
                    Checked = monitor.Checked,
                    Agreed = monitor.Agreed,
                    Unclassified = monitor.Unclassified,
                }
                : null,
            Carriers = now.Carriers.ToDictionary(carrier => carrier.Name, carrier => carrier.IsDelivering),
        };
        _pauses = pauses;
        return summary;
    }

    public ProcessDetail Describe()
    {
        var now = snapshot();
        var connections = MemcachedOf(now);
        return new ProcessDetail
        {
            Id = environment.Member,
            NodeAddress = _nodeAddress,
            Servers = [.. now.Servers.Select(server => Describe(server, [.. connections[server.Name].Select(Describe)]))],
            NearEntries = now.NearEntries,
            NearBytes = now.NearBytes,
            NearEvictions = now.NearEvictions,
            NearMisses = environment.Metrics.NearMisses,
            Carriers = [.. now.Carriers.Select(Describe)],
            ZooKeeper = now.Budgets is { } budgets
                ? new ReportedZooKeeper
                {
                    State = now.ZooKeeper,
                    Requests = now.Coordination?.Requests ?? 0,
                    Failures = now.Coordination?.Failures ?? 0,
                    Announcements = budgets.Announcements,
                    AnnouncementsPerSecond = Math.Round(budgets.AnnouncementsPerSecond, 3),
                    Waiting = budgets.Waiting,
                    QuotaRefusals = budgets.QuotaRefusals,
                    Members = budgets.Members,
                    Connection = now.Connections.FirstOrDefault(connection => connection.Kind == CacheConnectionKind.ZooKeeper) is { } own
                        ? Describe(own)
                        : null,
                }
                : null,
            Keys = traffic.Keys(),
            Rules = traffic.Rules(),
            Warnings = environment.Warnings.Snapshot(),
        };
    }

    private static ILookup<string, CacheConnection> MemcachedOf(NearCacheSnapshot now) =>
        now.Connections.Where(connection => connection.Kind == CacheConnectionKind.Memcached).ToLookup(connection => connection.Server);

    private ReportedServer Describe(ServerSnapshot server, IReadOnlyList<ReportedConnection> connections) => new()
    {
        Name = server.Name,
        Identity = coherence.IdentityOf(server.Name),
        IsServedNear = server.IsServedNear,
        ConfirmedBefore = server.ConfirmedBefore,
        RemoteLatency = coherence.Servers.All.FirstOrDefault(one => one.Server.Name == server.Name) is { } audited
            ? RoundTrips.Percentile99(audited.RoundTrips.Recent(environment.Clock.Monotonic()))
            : null,
        ConnectionCount = connections.Count,
        Connections = connections,
    };

    private static ReportedCarrier Describe(CarrierSnapshot carrier) => new()
    {
        Name = carrier.Name,
        IsDelivering = carrier.IsDelivering,
        Problem = carrier.Problem,
        Sent = carrier.Sent,
        Failed = carrier.Failed,
        Received = carrier.Received,
        MessagesPerSecond = Math.Round(carrier.MessagesPerSecond, 3),
        Waiting = carrier.Waiting,
        Members = carrier.Members,
    };

    private static ReportedConnection Describe(CacheConnection connection) => new()
    {
        Local = connection.LocalAddress is { } address
            ? new IPEndPoint(IPAddress.Parse(address), connection.LocalPort).ToString()
            : connection.Server,
        OpenedAt = connection.OpenedAt,
    };

    private static string? NameOf(string? setting, string variable) =>
        setting ?? (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } name ? name : null);
}
