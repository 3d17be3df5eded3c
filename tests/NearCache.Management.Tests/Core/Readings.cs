using NearCache.Management.Core;
using NearCache.Memcached;

namespace NearCache.Management.Tests.Core;

/// <summary>Readings of a healthy fleet, for tests that change one thing.</summary>
internal static class Readings
{
    public static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly FleetLimits Limits = new(20, 50, 100, TimeSpan.FromSeconds(5));

    public static FleetReading Healthy(double seconds = 0) => new()
    {
        At = Noon + TimeSpan.FromSeconds(seconds),
        Monotonic = TimeSpan.FromSeconds(seconds),
        Reports = Observed.Known(Reports(Process(1), Process(2))),
        Rules = Rules(Registry(1, [Rule("products")])),
        Usage = Observed.Known<IReadOnlyList<RuleUsage>>([Usage("products", hits: 1000, writes: 1)]),
        Suspensions = Observed.Known<IReadOnlyList<RuleSuspension>>([]),
        Servers = [Server("cache-1:11211", connections: 3)],
        Ensemble = Ensemble(slotWrites: 10),
    };

    public static Verdict Judge(FleetReading reading, FleetRates? rates = null, HistoryPoint? hourAgo = null) =>
        new FleetJudge(reading, rates ?? new RateMeter().Add(reading), Limits, hourAgo).Judge();

    public static FleetReports Reports(params ProcessReport[] processes) => new() { Processes = processes, Servers = [] };

    public static ProcessReport Process(int number, Func<ProcessSummary, ProcessSummary>? change = null,
        ProcessReportStatus status = ProcessReportStatus.Live, double age = 0)
    {
        var summary = new ProcessSummary
        {
            Id = number.ToString("x32", null),
            Namespace = "shop",
            Host = $"web-{number}",
            ProcessId = 7,
            Version = "0.1.0",
            StartedAt = Noon - TimeSpan.FromHours(1),
            Starts = 1,
            State = ProcessState.Running,
            ConfirmedBefore = TimeSpan.FromSeconds(1),
            PlacementHash = "aa",
            PrefixHash = "bb",
            Connections = [1],
        };
        return new ProcessReport
        {
            Id = summary.Id,
            Status = status,
            Summary = change is null ? summary : change(summary),
            Age = TimeSpan.FromSeconds(age),
        };
    }

    public static RegisteredRule Rule(string name, long since = 1) =>
        new() { Settings = new RuleOptions { Name = name, Match = name + ":*" }, Since = since };

    public static RegistryEdit Edit(long revision, string who, string why, string added) => new()
    {
        Revision = revision,
        Who = who,
        IsVerified = false,
        Why = why,
        When = Noon - TimeSpan.FromMinutes(2),
        Changes = [new RuleChange { Name = added, Before = null, After = new RuleOptions { Name = added, Match = added + ":*" } }],
        ClearedStops = [],
        PutStops = [],
    };

    public static RegistrySnapshot Registry(
        long revision, IReadOnlyList<RegisteredRule> rules, IReadOnlyList<RegistryEdit>? history = null, params RuleStop[] stops) =>
        new() { Revision = revision, Rules = rules, Stops = stops, History = history ?? [] };

    public static FleetRules Rules(RegistrySnapshot registry) =>
        new() { Current = Observed.Known(registry), Registry = Observed.Known(registry), Servers = [] };

    public static RuleUsage Usage(string rule, double hits, double writes) => new()
    {
        Rule = rule,
        NearHitsPerSecond = hits,
        RemoteReadsPerSecond = 1,
        WritesPerSecond = writes,
        AnnouncementsPerSecond = writes,
    };

    public static RuleSuspension Suspension(string rule, long since = 1) => new()
    {
        Rule = rule,
        Since = since,
        State = ChurnBreakerState.Open,
        Trips = [Noon],
        Who = "web-1, process 7",
        Why = "the keys of locks:* were written 2001 times a second for 5 s in that process, and the limit is 20",
    };

    public static FleetServer Server(
        string name, long connections, long most = 1024, double uptime = 3600, long evictions = 0, long refused = 0) => new()
        {
            Name = name,
            State = MemcachedServerState.Up,
            Statistics = Observed.Known(new FleetServerStatistics
            {
                Version = "1.6.38",
                Uptime = TimeSpan.FromSeconds(uptime),
                Connections = connections,
                MaxConnections = most,
                RejectedConnections = refused,
                Bytes = 1,
                MaxBytes = 100,
                Items = 1,
                Evictions = evictions,
                Hits = 1,
                Misses = 1,
                All = new Dictionary<string, string>(),
            }),
            Settings = Observed.Unknown<FleetServerSettings>("not asked"),
            Namespace = Observed.Unknown<FleetServerNamespace>("not asked"),
        };

    /// <summary>Connections of programs that are not NearCache's.</summary>
    public static ConnectionOwnership Ownership(string server, params (string Address, int Seen)[] owners) => new()
    {
        Server = server,
        IsListed = true,
        Expected = 0,
        Seen = owners.Sum(owner => owner.Seen),
        Unaccounted = owners.Sum(owner => owner.Seen),
        Foreign = owners.Sum(owner => owner.Seen),
        Owners =
        [
            .. owners.Select(owner => new ConnectionOwner
            {
                Kind = ConnectionOwnerKind.Foreign,
                Address = owner.Address,
                Expected = 0,
                Seen = owner.Seen,
                LongestIdle = TimeSpan.Zero,
            }),
        ],
    };

    public static FleetServer Dead(string name) => Server(name, 0) with
    {
        Statistics = Observed.Unknown<FleetServerStatistics>("it has not answered within 3 s"),
    };

    public static FleetEnsemble Ensemble(int slotWrites, long nodes = 100, bool isDead = false) => new()
    {
        Session = "Connected",
        Chroot = "",
        LastZxid = Observed.Known(1L),
        TransactionsPerSecond = Observed.Known(10.0),
        Servers =
        [
            new FleetEnsembleServer
            {
                Name = "zk-1:2181",
                Status = isDead ? Observed.Unknown<FleetEnsembleStatus>("refused") : Observed.Known(new FleetEnsembleStatus
                {
                    Version = "3.9.3",
                    Mode = "leader",
                    Zxid = 1,
                    Nodes = nodes,
                    Connections = 3,
                    Outstanding = 0,
                    MeanLatency = 1,
                    LongestLatency = 2,
                }),
                Monitor = Observed.Unknown<IReadOnlyDictionary<string, string>>("not permitted"),
                Connections = Observed.Unknown<IReadOnlyList<FleetEnsembleConnection>>("not permitted"),
            },
        ],
        Subtree = isDead ? Observed.Unknown<FleetSubtree>("no connection") : Observed.Known(new FleetSubtree
        {
            Missing = [],
            Format = 1,
            Members = 2,
            Leftovers = 0,
            RegistryWrites = 1,
            RegistryBytes = 100,
            SlotWrites = [slotWrites],
            Quota = Observed.Unknown<FleetQuota>("not permitted"),
        }),
    };
}
