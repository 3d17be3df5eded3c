using NearCache.Cli.Doctoring;
using NearCache.Memcached;

namespace NearCache.Cli.Tests.Doctoring;

/// <summary>Readings of fleets that are well, to plant faults in.</summary>
internal static class FleetReadings
{
    public static readonly DateTimeOffset Now = new(2030, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly string[] Rules = ["products", "site"];

    /// <summary>Returns a fleet that is well.</summary>
    /// <param name="servers">The number of memcached servers.</param>
    /// <param name="processes">The number of processes.</param>
    /// <param name="hasZooKeeper">Whether it has ZooKeeper.</param>
    public static FleetReading Healthy(int servers = 2, int processes = 3, bool hasZooKeeper = true)
    {
        var options = new NearCacheOptions { Namespace = "shop" };
        foreach (var server in Enumerable.Range(1, servers))
        {
            options.Memcached.Servers.Add(NameOf(server));
        }

        if (hasZooKeeper)
        {
            options.ZooKeeper.ConnectionString = "zk-1:2181,zk-2:2181,zk-3:2181";
        }

        FleetServer[] all = [.. Enumerable.Range(1, servers).Select(Server)];
        FleetEnsemble? ensemble = hasZooKeeper ? Ensemble(processes) : null;
        return new FleetReading
        {
            Options = options,
            Source = "appsettings.json",
            At = Now,
            Between = TimeSpan.FromSeconds(2),
            Servers = all,
            EarlierServers = all,
            Ensemble = ensemble,
            EarlierEnsemble = ensemble,
            Rules = RulesOf(servers, hasZooKeeper),
            Usage = Observed.Known<IReadOnlyList<RuleUsage>>([.. Rules.Select(rule => Usage(rule, hits: 100, writes: 0.1))]),
            Reports = Observed.Known(new FleetReports
            {
                Processes = [.. Enumerable.Range(1, processes).Select(number => Process(number, hasZooKeeper))],
                Servers = [],
                MembersUnknown = hasZooKeeper ? null : "no ZooKeeper is configured (ZooKeeper:ConnectionString)",
            }),
            Details = [.. Enumerable.Range(1, Math.Min(processes, 24)).Select(number => Detail(number, servers))],
            Namespaces = hasZooKeeper
                ? Observed.Known<IReadOnlyList<FleetNamespace>>([Namespace("shop", processes, isOwn: true)])
                : null,
            CoTenants = hasZooKeeper ? Observed.Known(new FleetCoTenants { Count = 0, Names = [] }) : null,
        };
    }

    public static string NameOf(int server) => $"cache-{server}:11211";

    public static FleetServer Server(int number) => new()
    {
        Name = NameOf(number),
        State = MemcachedServerState.Up,
        Statistics = Observed.Known(new FleetServerStatistics
        {
            Version = "1.6.18",
            Uptime = TimeSpan.FromDays(3),
            Connections = 12,
            MaxConnections = 1024,
            RejectedConnections = 0,
            Bytes = 10 << 20,
            MaxBytes = 64 << 20,
            Items = 1000,
            Evictions = 0,
            Hits = 5000,
            Misses = 100,
            All = new Dictionary<string, string>(),
        }),
        Settings = Observed.Known(new FleetServerSettings
        {
            IdleTimeout = TimeSpan.Zero,
            MaxItemBytes = 1 << 20,
            Threads = 4,
            All = new Dictionary<string, string>(),
        }),
        Namespace = Observed.Known(new FleetServerNamespace
        {
            Writes = 1_000_000 + number,
            KeyPrefix = "shop:",
            HasRules = true,
            Identity = IdentityOf(number),
        }),
    };

    public static string IdentityOf(int server) => server.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    public static FleetEnsemble Ensemble(int members) => new()
    {
        Session = "Connected",
        Chroot = "",
        LastZxid = Observed.Known(5000L),
        TransactionsPerSecond = Observed.Known(3.5),
        Servers = [.. Enumerable.Range(1, 3).Select(number => new FleetEnsembleServer
        {
            Name = $"zk-{number}:2181",
            Status = Observed.Known(new FleetEnsembleStatus
            {
                Version = "3.8.0",
                Mode = number == 1 ? "leader" : "follower",
                Zxid = 5000,
                Nodes = 40,
                Connections = 3,
                Outstanding = 0,
                MeanLatency = 0.4,
                LongestLatency = 12,
            }),
            Monitor = Observed.Unknown<IReadOnlyDictionary<string, string>>("mntr is not executed because it is not in the whitelist."),
            Connections = Observed.Unknown<IReadOnlyList<FleetEnsembleConnection>>(
                "cons is not executed because it is not in the whitelist."),
        })],
        Subtree = Observed.Known(Subtree(members)),
    };

    public static FleetSubtree Subtree(int members) => new()
    {
        Missing = [],
        Format = 1,
        Members = members,
        Leftovers = 0,
        RegistryWrites = 4,
        RegistryBytes = 900,
        SlotWrites = [10, 10, 10, 10, 10, 10, 10, 10],
        Quota = Observed.Known(new FleetQuota { Limits = null, Used = null }),
    };

    public static ProcessReport Process(int number, bool isMember = true)
    {
        var id = IdOf(number);
        return new ProcessReport
        {
            Id = id,
            Status = ProcessReportStatus.Live,
            Age = TimeSpan.FromSeconds(2),
            Member = isMember ? new FleetMember { Id = id, Host = $"shop-{number}", ProcessId = 1, Version = "0.1.0.0" } : null,
            Servers = [NameOf(1)],
            Summary = new ProcessSummary
            {
                Id = id,
                Namespace = "shop",
                Host = $"shop-{number}",
                ProcessId = 1,
                Version = "0.1.0.0",
                StartedAt = Now - TimeSpan.FromDays(20),
                Starts = 1,
                State = ProcessState.Running,
                ServersHash = "aaaa",
                PlacementHash = "bbbb",
                PrefixHash = "cccc",
                RulesRevision = 4,
                ConfirmedBefore = TimeSpan.FromSeconds(1),
                ThreadPoolDelay = TimeSpan.FromMilliseconds(2),
                Carriers = isMember ? new Dictionary<string, bool> { ["ZooKeeper"] = true } : new Dictionary<string, bool>(),
            },
        };
    }

    public static string IdOf(int process) => (process + 0xabc0000).ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    public static ProcessDetail Detail(int process, int servers) => new()
    {
        Id = IdOf(process),
        Servers = [.. Enumerable.Range(1, servers).Select(number => new ReportedServer
        {
            Name = NameOf(number),
            Identity = IdentityOf(number),
            IsServedNear = true,
            ConfirmedBefore = TimeSpan.FromSeconds(1),
            ConnectionCount = 1,
        })],
        Rules = [.. Rules.Select(rule => new ReportedRule { Name = rule, IsOn = true })],

        // Every process that has lived for days has seen a server restart.
        Warnings = new Dictionary<int, long> { [2100] = 1, [1101] = 1 },
    };

    public static RegistrySnapshot Snapshot(long revision = 4, params RuleStop[] stops) => new()
    {
        Revision = revision,
        Rules =
        [
            new RegisteredRule { Settings = new RuleOptions { Name = "products", Match = "product:*" }, Since = 1 },
            new RegisteredRule { Settings = new RuleOptions { Name = "site", Match = "site" }, Since = 1 },
        ],
        Stops = stops,
        History =
        [
            new RegistryEdit
            {
                Revision = revision,
                Who = "Alice",
                IsVerified = false,
                Why = "a rule",
                When = Now - TimeSpan.FromDays(2),
                Changes = null,
                ClearedStops = [],
                PutStops = [],
            },
        ],
    };

    public static FleetServerRules Carried(int server, long? revision = 4, long? settled = 4) => new()
    {
        Server = NameOf(server),
        Carried = Observed.Known(new FleetCarriedRules { Revision = revision, SettledRevision = settled, Stops = [] }),
    };

    public static RuleUsage Usage(string rule, double hits, double writes, double reads = 1) => new()
    {
        Rule = rule,
        NearHitsPerSecond = hits,
        RemoteReadsPerSecond = reads,
        WritesPerSecond = writes,
        AnnouncementsPerSecond = writes,
    };

    public static FleetNamespace Namespace(string name, int members, bool isOwn = false, int daysOld = 100) => new()
    {
        Name = name,
        IsOwn = isOwn,
        Members = Observed.Known(members),
        JoinsAndLeaves = Observed.Known(30),
        CreatedAt = Observed.Known(Now - TimeSpan.FromDays(daysOld)),
    };

    private static FleetRules RulesOf(int servers, bool hasZooKeeper) => new()
    {
        Current = Observed.Known(hasZooKeeper ? Snapshot() : Snapshot() with { History = [] }),
        Registry = hasZooKeeper
            ? Observed.Known(Snapshot())
            : Observed.Unknown<RegistrySnapshot>("no ZooKeeper is configured, so there is no registry"),
        Servers = [.. Enumerable.Range(1, servers).Select(server => Carried(server))],
    };

    /// <summary>Changes one server.</summary>
    public static FleetReading WithServer(this FleetReading reading, int number, Func<FleetServer, FleetServer> change) =>
        reading with { Servers = [.. reading.Servers.Select(server => server.Name == NameOf(number) ? change(server) : server)] };

    /// <summary>Changes the statistics of one server.</summary>
    public static FleetReading WithStatistics(
        this FleetReading reading, int number, Func<FleetServerStatistics, FleetServerStatistics> change) =>
        reading.WithServer(number, server => server with { Statistics = Observed.Known(change(server.Statistics.Value!)) });

    /// <summary>Makes a server unknown.</summary>
    public static FleetReading Without(this FleetReading reading, int number, string reason, UnknownCause cause) => reading.WithServer(
        number,
        server => server with
        {
            Statistics = Observed.Unknown<FleetServerStatistics>(reason, cause),
            Settings = Observed.Unknown<FleetServerSettings>(reason, cause),
            Namespace = Observed.Unknown<FleetServerNamespace>(reason, cause),
        }) with
    {
        Rules = reading.Rules! with
        {
            Servers = [.. reading.Rules.Servers.Select(server => server.Server != NameOf(number) ? server : server with
            {
                Carried = Observed.Unknown<FleetCarriedRules>(reason, cause),
            })],
        },
    };

    /// <summary>Changes the summary of one process.</summary>
    public static FleetReading WithSummary(this FleetReading reading, int number, Func<ProcessSummary, ProcessSummary> change) =>
        reading.WithProcess(number, process => process with { Summary = change(process.Summary!) });

    /// <summary>Gives one process a carrier, by its short and its long report.</summary>
    public static FleetReading WithCarrier(this FleetReading reading, int number, string name, bool isDelivering, string? problem = null) =>
        reading
            .WithSummary(number, one => one with
            {
                Carriers = new Dictionary<string, bool>(one.Carriers) { [name] = isDelivering },
            })
            .WithDetail(number, detail => detail with
            {
                Carriers = [.. detail.Carriers, new ReportedCarrier { Name = name, IsDelivering = isDelivering, Problem = problem }],
            });

    /// <summary>Changes one process.</summary>
    public static FleetReading WithProcess(this FleetReading reading, int number, Func<ProcessReport, ProcessReport> change) => reading with
    {
        Reports = Observed.Known(reading.Reports!.Value! with
        {
            Processes = [.. reading.Reports.Value.Processes.Select(process => process.Id == IdOf(number) ? change(process) : process)],
        }),
    };

    /// <summary>Changes the long report of one process.</summary>
    public static FleetReading WithDetail(this FleetReading reading, int number, Func<ProcessDetail, ProcessDetail> change) =>
        reading with { Details = [.. reading.Details.Select(detail => detail.Id == IdOf(number) ? change(detail) : detail)] };

    /// <summary>Changes the ensemble.</summary>
    public static FleetReading WithEnsemble(this FleetReading reading, Func<FleetEnsemble, FleetEnsemble> change) =>
        reading with { Ensemble = change(reading.Ensemble!) };

    /// <summary>Changes the nodes of the namespace.</summary>
    public static FleetReading WithSubtree(this FleetReading reading, Func<FleetSubtree, FleetSubtree> change) =>
        reading.WithEnsemble(ensemble => ensemble with { Subtree = Observed.Known(change(ensemble.Subtree.Value!)) });

    /// <summary>Gives the fleet other rules and stops, which all places have.</summary>
    public static FleetReading WithRules(this FleetReading reading, RegistrySnapshot rules) => reading with
    {
        Rules = reading.Rules! with
        {
            Current = Observed.Known(rules),
            Registry = reading.Ensemble is null ? reading.Rules.Registry : Observed.Known(rules),
        },
    };

    /// <summary>Adds an enabled rule.</summary>
    public static FleetReading WithRule(this FleetReading reading, string name, string match, RuleUsage? usage = null)
    {
        var rules = reading.Rules!.Current.Value!;
        var more = rules with
        {
            Rules = [.. rules.Rules, new RegisteredRule { Settings = new RuleOptions { Name = name, Match = match }, Since = 2 }],
        };
        return reading.WithRules(more) with
        {
            Usage = Observed.Known<IReadOnlyList<RuleUsage>>([.. reading.Usage!.Value!, usage ?? Usage(name, hits: 50, writes: 0)]),
        };
    }
}
