using NearCache.Cli.Doctoring;

namespace NearCache.Cli.Tests.Doctoring;

/// <summary>The doctor names each planted fault with the remedy that mends it, and nothing else.</summary>
public sealed class PlantedFaultsTests
{
    private static readonly RuleStop Stop = new()
    {
        Id = "5f1c",
        Rule = "products",
        Who = "Bob",
        Why = "wrong prices",
        When = FleetReadings.Now - TimeSpan.FromHours(1),
    };

    // The fault, the finding, what its text names, and what its remedy names.
    private static readonly Dictionary<string, (Func<FleetReading> Plant, string Finding, string Found, string Remedy)> All = new()
    {
        ["server list differs in one process"] = (
            () => FleetReadings.Healthy().WithSummary(2, one => one with { ServersHash = "other", PlacementHash = "other" }),
            "servers-differ", "shop-2 (pid 1)", "Memcached:Servers"),
        ["wrong TLS"] = (
            () => FleetReadings.Healthy().Without(
                1,
                "cache-1:11211 cannot be used: the TLS handshake failed: the remote certificate is not valid",
                UnknownCause.NotAuthenticated),
            "server-refuses", "cache-1:11211 cannot be used with these settings: the TLS handshake failed: the remote certificate is not",
            "Check the certificate of the server, its chain, and the name in Memcached:Servers"),
        ["certificate of an unknown authority"] = (
            () => Refused("because of errors in the certificate chain: PartialChain"), "server-refuses", "PartialChain", "SSL_CERT_FILE"),
        ["certificate that has expired"] = (
            () => Refused("because of errors in the certificate chain: NotTimeValid"), "server-refuses", "NotTimeValid", "has expired"),
        ["certificate of another name"] = (
            () => Refused("according to the validation procedure: RemoteCertificateNameMismatch"),
            "server-refuses", "NameMismatch", "write the server in Memcached:Servers as its certificate names it"),
        ["ensemble with a certificate that has expired"] = (
            () => FleetReadings.Healthy().WithEnsemble(ensemble => ensemble with
            {
                LastZxid = Observed.Unknown<long>("ZooKeeper has not answered within 1.8 s", UnknownCause.NoAnswer),
                Servers =
                [
                    .. ensemble.Servers.Select(server => server with
                    {
                        Status = Observed.Unknown<FleetEnsembleStatus>(
                            "not reached: The remote certificate is invalid because of errors in the certificate chain: NotTimeValid",
                            UnknownCause.NoAnswer),
                    }),
                ],
                Subtree = Observed.Unknown<FleetSubtree>("ZooKeeper has not answered within 1.8 s", UnknownCause.NoAnswer),
            }),
            "zookeeper-unreachable", "chain: NotTimeValid.", "has expired"),
        ["plain text to TLS"] = (
            () => FleetReadings.Healthy().Without(
                1, "cache-1:11211 is down: the server closed it before its first reply, as one does that requires TLS (Tls).",
                UnknownCause.NoAnswer),
            "server-refuses", "requires TLS", "Memcached:Tls"),
        ["wrong password"] = (
            () => FleetReadings.Healthy().Without(
                1, "cache-1:11211 cannot be used: the user name or the password is wrong", UnknownCause.NotAuthenticated),
            "server-refuses", "password", "Memcached:Password"),
        ["server down"] = (
            () => FleetReadings.Healthy().Without(2, "cache-2:11211 is down: Connection refused.", UnknownCause.NoAnswer),
            "server-unreachable", "cache-2:11211", "memcached runs"),
        ["server down, with the report of a process"] = (
            () => LosingReports(FleetReadings.Healthy().Without(2, "cache-2:11211 is down: Connection refused.", UnknownCause.NoAnswer)),
            "server-unreachable", "cache-2:11211", "memcached runs"),
        ["server too old"] = (
            () => FleetReadings.Healthy().Without(2, "cache-2:11211 is memcached 1.5.6, too old", UnknownCause.ServerTooOld),
            "server-too-old", "1.5.6", "Upgrade"),
        ["connections nearly used up"] = (
            () => FleetReadings.Healthy().WithStatistics(1, one => one with { Connections = 1000 }),
            "connections-near-limit", "1,000 of about 1,024", "nearcache connections"),
        ["connections nearly used up, of those that are not reserved"] = (
            () => FleetReadings.Healthy().WithStatistics(1, one => one with
            {
                Connections = 70,
                MaxConnections = 100,
                All = new Dictionary<string, string> { ["reserved_fds"] = "25" },
            }),
            "connections-near-limit", "70 of about 67", "nearcache connections"),
        ["connections used up"] = (
            () => FleetReadings.Healthy().Without(
                1, "cache-1:11211 refused the connection: it has as many as it allows (memcached -c).", UnknownCause.ServerFull),
            "server-full", "this tool cannot connect either", "-c"),
        ["evicting"] = (
            () => FleetReadings.Healthy().WithStatistics(1, one => one with { Evictions = 400 }),
            "server-evicts", "200 items a second", "-m"),
        ["idle timeout below KeepAlive"] = (
            () => FleetReadings.Healthy().WithServer(1, one => one with
            {
                Settings = Observed.Known(one.Settings.Value! with { IdleTimeout = TimeSpan.FromSeconds(10) }),
            }),
            "idle-timeout", "cache-1:11211 closes connections", "KeepAlive below 10 s"),
        ["items smaller than MaxValueBytes"] = (
            () => FleetReadings.Healthy().WithServer(1, one => one with
            {
                Settings = Observed.Known(one.Settings.Value! with { MaxItemBytes = 512 << 10 }),
            }),
            "item-size", "512 KiB", "MaxValueBytes"),
        ["two servers behind one name, by reports"] = (
            () => FleetReadings.Healthy().WithDetail(2, detail => detail with
            {
                Servers = [detail.Servers[0] with { Identity = FleetReadings.IdentityOf(77) }, detail.Servers[1]],
            }),
            "not-one-server", "2 servers were seen", "load balancer"),
        ["two servers behind one name, by addresses"] = (
            () => FleetReadings.Healthy() with { Addresses = new Dictionary<string, int> { [FleetReadings.NameOf(1)] = 3 } },
            "not-one-server", "3 addresses", "EveryAddressIsAServer"),
        ["one server under two names"] = (
            () => FleetReadings.Healthy().WithServer(2, one => one with
            {
                Namespace = Observed.Known(one.Namespace.Value! with { Identity = FleetReadings.IdentityOf(1) }),
            }).WithDetail(1, detail => detail with { Servers = [] }).WithDetail(2, detail => detail with { Servers = [] })
                .WithDetail(3, detail => detail with { Servers = [] }),
            "same-server-twice", "cache-1:11211 and cache-2:11211", "once"),
        ["counters missing"] = (
            () => FleetReadings.Healthy().WithServer(2, one => one with
            {
                Namespace = Observed.Known(one.Namespace.Value! with { Writes = null, Identity = null }),
            }),
            "counters-missing", "cache-2:11211", "Memcached:Servers"),
        ["rules item missing"] = (
            () => Carrying(FleetReadings.Carried(2, revision: null, settled: null)),
            "rules-item-missing", "cache-2:11211 carries no rules", "running process"),
        ["rules behind on a server"] = (
            () => Carrying(FleetReadings.Carried(2, revision: 3, settled: 3)),
            "rules-behind", "revision 3", "network"),
        ["rules ahead of the registry"] = (
            () => Carrying(FleetReadings.Carried(2, revision: 9, settled: 9)),
            "rules-ahead", "revision 9", "exceeds 9"),
        ["registry garbage"] = (
            () => Registry(FleetReadings.Healthy(), "cannot be edited by this process: it is no JSON", UnknownCause.Unreadable),
            "registry-unreadable", "cannot read", "delete the node"),
        ["registry gone"] = (
            () => Registry(FleetReadings.Healthy(), "no such node", UnknownCause.Absent)
                .WithSubtree(tree => tree with { RegistryBytes = null, RegistryWrites = null, Missing = ["/nearcache/shop/rules"] }),
            "registry-missing", "missing", "running process creates it again"),
        ["slots gone"] = (
            () => FleetReadings.Healthy().WithSubtree(tree => tree with
            {
                Missing = ["/nearcache/shop/slots", "/nearcache/shop/slots/00"],
                SlotWrites = [],
            }),
            "nodes-missing", "/nearcache/shop/slots", "1421"),
        ["member missing"] = (
            () => FleetReadings.Healthy().WithProcess(3, process => process with { Member = null })
                .WithCarrier(3, "ZooKeeper", isDelivering: false, "it is not connected"),
            "member-missing", "shop-3 (pid 1)", "ZooKeeper:ConnectionString"),
        ["broker that runs no longer"] = (
            () => FleetReadings.Healthy().WithCarrier(1, "RabbitMQ", isDelivering: false, "Connection refused.")
                .WithCarrier(2, "RabbitMQ", isDelivering: false, "Connection refused."),
            "carrier-silent", "in 2 of 2 processes: shop-1 (pid 1), shop-2 (pid 1); Connection refused.", "See that RabbitMQ runs"),
        ["broker that one process does not reach, among a thousand"] = (
            () => FleetReadings.Healthy(processes: 1000) is var reading
                ? Enumerable.Range(1, 1000).Aggregate(reading, (now, process) => process > 3 ? now
                    : now.WithCarrier(process, "RabbitMQ", isDelivering: process != 2))
                : reading,
            "carrier-silent", "in 1 of 3 processes: shop-2 (pid 1).", "these processes reach RabbitMQ"),
        ["nodes that a process cannot use"] = (
            () => FleetReadings.Healthy().WithCarrier(2, "ZooKeeper", isDelivering: false, "its nodes cannot be used"),
            "carrier-silent", "ZooKeeper does not deliver announcements in 1 of 3 processes: shop-2 (pid 1); its nodes", "event 1860"),
        ["dead ensemble, which delivers to none"] = (
            () => FleetReadings.Healthy().WithEnsemble(ensemble => ensemble with
            {
                LastZxid = Observed.Unknown<long>("ZooKeeper has not answered within 3 s", UnknownCause.NoAnswer),
                Servers = [.. ensemble.Servers.Select(Dead)],
                Subtree = Observed.Unknown<FleetSubtree>("ZooKeeper has not answered within 3 s", UnknownCause.NoAnswer),
            }).WithCarrier(1, "ZooKeeper", isDelivering: false).WithCarrier(2, "ZooKeeper", isDelivering: false),
            "zookeeper-unreachable", "ZooKeeper does not answer", "ensemble runs"),
        ["lease unsettled"] = (
            () => Carrying(FleetReadings.Carried(2, revision: 4, settled: 0)),
            "rules-unsettled", "0 is settled", "RuleLease"),
        ["stop in force"] = (
            () => Stopped(applied: true),
            "stop-in-force", "by Bob (claimed) since 2030-03-01 11:00:00Z: wrong prices.", "nearcache resume 5f1c"),
        ["rule suspended"] = (
            () => FleetReadings.Healthy().WithDetail(1, detail => detail with
            {
                Rules = [new ReportedRule { Name = "products", IsOn = true, ChurnBreaker = ChurnBreakerState.Open }],
            }),
            "rule-suspended", "products (product:*)", "nearcache rules disable products"),
        ["rule over locks"] = (
            () => FleetReadings.Healthy().WithRule("distributed", "lock:*"),
            "rule-over-locks", "lock:*", "nearcache rules remove distributed"),
        ["rule useless"] = (
            () => FleetReadings.Healthy().WithRule("carts", "cart:*", FleetReadings.Usage("carts", hits: 1, writes: 4)),
            "rule-useless", "1 near hits for 4 writes", "nearcache rules disable carts"),
        ["rule useless, whose name is a command"] = (
            () => FleetReadings.Healthy().WithRule("x; reboot", "cart:*", FleetReadings.Usage("x; reboot", hits: 1, writes: 4)),
            "rule-useless", "x; reboot", "nearcache rules disable 'x; reboot' --why"),
        ["rule shadowed"] = (
            () => FleetReadings.Healthy().WithRule("products-v2", "product:v2:*")
                .WithRule("all-products", "prod*", FleetReadings.Usage("all-products", 0, 0, 0)),
            "rule-shadowed", "all-products", "narrow products"),
        ["co-tenant"] = (
            () => FleetReadings.Healthy() with
            {
                CoTenants = Observed.Known(new FleetCoTenants
                {
                    Count = 1,
                    Names =
                    [
                        new FleetCoTenant
                        {
                            Path = "/dubbo", Product = "Dubbo", Children = Observed.Known(4000), ChildrenChanges = Observed.Known(9),
                        },
                    ],
                }),
            },
            "co-tenants", "/dubbo (Dubbo)", "ensemble of its own"),
        ["quota nearly reached"] = (
            () => FleetReadings.Healthy().WithSubtree(tree => tree with
            {
                Quota = Observed.Known(new FleetQuota { Limits = "count=20,bytes=-1", Used = "count=19,bytes=2048" }),
            }),
            "quota-near-limit", "19 of its quota of 20 (count)", "setquota"),
        ["no quorum"] = (
            () => Registry(
                FleetReadings.Healthy().WithEnsemble(ensemble => ensemble with
                {
                    LastZxid = Observed.Unknown<long>("ZooKeeper has not answered within 3 s", UnknownCause.NoAnswer),
                    TransactionsPerSecond = Observed.Unknown<double>("ZooKeeper has not answered within 3 s", UnknownCause.NoAnswer),
                    Servers =
                    [
                        ensemble.Servers[0] with
                        {
                            Status = Observed.Unknown<FleetEnsembleStatus>("the server has no quorum, and serves no requests",
                                UnknownCause.NoQuorum),
                        },
                        Dead(ensemble.Servers[1]),
                        Dead(ensemble.Servers[2]),
                    ],
                    Subtree = Observed.Unknown<FleetSubtree>("ZooKeeper has not answered within 3 s", UnknownCause.NoAnswer),
                }),
                "ZooKeeper has not answered within 3 s",
                UnknownCause.NoAnswer),
            "no-quorum", "zk-2:2181, zk-3:2181 do not answer", "more than half"),
        ["one server of the ensemble down"] = (
            () => FleetReadings.Healthy().WithEnsemble(ensemble => ensemble with
            {
                Servers = [ensemble.Servers[0], ensemble.Servers[1], Dead(ensemble.Servers[2])],
            }),
            "ensemble-server-down", "zk-3:2181", "Start it"),
        ["ensemble slow"] = (
            () => FleetReadings.Healthy().WithEnsemble(ensemble => ensemble with
            {
                Servers =
                [
                    ensemble.Servers[0] with { Status = Observed.Known(ensemble.Servers[0].Status.Value! with { MeanLatency = 400 }) },
                    .. ensemble.Servers.Skip(1),
                ],
            }),
            "ensemble-slow", "400 ms", "nearcache znodes"),
        ["chroot missing"] = (
            () => Registry(
                (FleetReadings.Healthy() with { Reports = Observed.Unknown<FleetReports>("no report was found") })
                    .WithEnsemble(ensemble => ensemble with
                    {
                        Chroot = "/shpo",
                        Subtree = Observed.Unknown<FleetSubtree>(
                            "the chroot /shpo of the connection string does not exist", UnknownCause.Absent),
                    }),
                "no such node",
                UnknownCause.Absent) with
            {
                Details = [],
            },
            "chroot-missing", "/shpo does not exist", "ZooKeeper:CreateChroot"),
        ["ACL"] = (
            () => Registry(FleetReadings.Healthy(), "not permitted", UnknownCause.NotPermitted).WithEnsemble(ensemble => ensemble with
            {
                Subtree = Observed.Unknown<FleetSubtree>("not permitted: /nearcache/shop/config", UnknownCause.NotPermitted),
            }),
            "access-denied", "/nearcache/shop/config", "world:anyone:r"),
        ["leftover namespaces"] = (
            () => FleetReadings.Healthy() with
            {
                Namespaces = Observed.Known<IReadOnlyList<FleetNamespace>>(
                    [FleetReadings.Namespace("shop", 3, isOwn: true), FleetReadings.Namespace("old-shop", 0)]),
            },
            "namespaces-left-over", "old-shop", "two steps"),
        ["leftover nodes"] = (
            () => FleetReadings.Healthy().WithSubtree(tree => tree with { Leftovers = 220_000 }),
            "nodes-left-over", "220,000 nodes", "nearcache clean --yes"),
        ["process missing"] = (
            () => FleetReadings.Healthy().WithProcess(2, process => process with
            {
                Status = ProcessReportStatus.Silent,
                Age = TimeSpan.FromMinutes(3),
            }),
            "process-silent", "shop-2 (pid 1), silent for 3 min", "network to memcached"),
        ["member without report"] = (
            () => FleetReadings.Healthy().WithProcess(2, process => process with { Status = ProcessReportStatus.NoReport, Summary = null }),
            "process-without-report", "shop-2 (pid 1)", "Reports:Enabled"),
        ["process starved"] = (
            () => FleetReadings.Healthy().WithSummary(2, one => one with { ThreadPoolDelay = TimeSpan.FromSeconds(3.2) }),
            "process-starved", "shop-2 (pid 1) (3.2 s)", "await them"),
        ["gate closed"] = (
            () => FleetReadings.Healthy().WithSummary(2, one => one with { ConfirmedBefore = TimeSpan.FromSeconds(40) }),
            "gate-closed", "shop-2 (pid 1) (40 s)", "Mend the memcached server"),
        ["two versions for more than 14 days"] = (
            () => FleetReadings.Healthy().WithSummary(2, one => one with { Version = "0.0.9.0" }),
            "old-version", "0.0.9.0 (shop-2 (pid 1))", "Complete the upgrade"),
        ["crash loop"] = (
            () => FleetReadings.Healthy().WithSummary(2, one => one with { Starts = 9 }),
            "crash-loop", "(9 starts)", "log of its last end"),
        ["a violation was logged"] = (
            () => FleetReadings.Healthy().WithDetail(2, detail => detail with { Warnings = new Dictionary<int, long> { [1830] = 2 } }),
            "complaints", "Event 1830 was logged 2 times by shop-2 (pid 1)", "nearcache stop --all"),
        ["mistyped namespace"] = (
            Mistyped,
            "namespace-unknown", "shop with 3 processes", "correct Namespace"),
        ["prefix differs"] = (
            () => FleetReadings.Healthy().WithSummary(3, one => one with { PrefixHash = "other" }),
            "prefix-differs", "shop-3 (pid 1)", "KeyPrefix"),
        ["placement differs"] = (
            () => FleetReadings.Healthy().WithSummary(3, one => one with { PlacementHash = "other" }),
            "placement-differs", "shop-3 (pid 1)", "Memcached:Distribution"),
        ["a process has not applied the rules"] = (
            () => FleetReadings.Healthy().WithSummary(3, one => one with { RulesRevision = 2 }),
            "rules-not-applied", "shop-3 (pid 1)", "restart them"),
        ["configuration of another fleet"] = (
            () => FleetReadings.Healthy().WithDetail(1, detail => detail with
            {
                Servers = [detail.Servers[0] with { Name = "other:11211", Identity = null }],
            }),
            "other-configuration", "other:11211", "--environment"),
        ["configuration without servers"] = (
            () => new FleetReading
            {
                Options = new NearCacheOptions(),
                Mistakes = FleetConfiguration.FindMistakes(new NearCacheOptions()),
                Source = "appsettings.json",
            },
            "no-servers", "names no server", "Set Memcached:Servers"),
        ["no time for ZooKeeper and the processes"] = (
            () => Unread("the processes", "ZooKeeper") with
            {
                Servers = FleetReadings.Healthy().Servers,
                Rules = FleetReadings.Healthy().Rules,
                Usage = FleetReadings.Healthy().Usage,
            },
            "not-judged", "Not read within 10 s, and not judged: the processes, ZooKeeper.", "--within"),
        ["no time for anything"] = (() => Unread("everything"), "not-judged", "everything", "--within"),
        ["mistake in the configuration"] = (
            () => Mistaken(new NearCacheOptions { MaxStaleness = TimeSpan.FromSeconds(1), Memcached = { Servers = { "cache-1" } } }),
            "configuration", "MaxStaleness", "appsettings.json"),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_planted_fault_is_named_with_its_remedy_and_nothing_else_is(string fault)
    {
        var (plant, id, found, remedy) = All[fault];

        var checks = FleetDoctor.Examine(plant());

        var wrong = checks.Where(check => check.Level != CheckLevel.Good).ToArray();
        Assert.Equal([id], wrong.Select(check => check.Finding!.Id).Distinct());
        Assert.Contains(wrong, check => check.Found.Contains(found, StringComparison.Ordinal)
            && check.Remedy!.Contains(remedy, StringComparison.Ordinal));
        Assert.Equal(wrong.Max(check => check.Level) == CheckLevel.Error ? 2 : 1, FleetDoctor.ExitCodeOf(checks));
        Assert.All(checks, check => Assert.EndsWith(".", check.Found, StringComparison.Ordinal));
        Assert.All(wrong, check => Assert.EndsWith(".", check.Remedy, StringComparison.Ordinal));
    }

    [Fact]
    public void A_process_that_has_not_applied_a_stop_is_named()
    {
        var checks = FleetDoctor.Examine(Stopped(applied: false));

        var deaf = Assert.Single(checks, check => check.Finding == Findings.StopNotObeyed);
        Assert.Contains("shop-1 (pid 1), shop-2 (pid 1), shop-3 (pid 1)", deaf.Found, StringComparison.Ordinal);
        Assert.Contains("Restart", deaf.Remedy, StringComparison.Ordinal);
        Assert.Equal(2, FleetDoctor.ExitCodeOf(checks));

        // A stop of some seconds ago is on its way.
        var fresh = Stop with { When = FleetReadings.Now - TimeSpan.FromSeconds(5) };
        Assert.DoesNotContain(
            FleetDoctor.Examine(FleetReadings.Healthy().WithRules(FleetReadings.Snapshot(4, fresh))),
            check => check.Finding == Findings.StopNotObeyed);
    }

    [Fact]
    public void Nothing_is_concluded_from_what_was_not_read()
    {
        foreach (var fault in (string[])["no time for ZooKeeper and the processes", "no time for anything"])
        {
            var good = FleetDoctor.Examine(All[fault].Plant()).Where(check => check.Level == CheckLevel.Good).Select(check => check.Found);

            Assert.DoesNotContain(good, found => found.StartsWith("No ", StringComparison.Ordinal)
                || found.Contains("those of the configuration", StringComparison.Ordinal)
                || found.Contains(": 0 near hits", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_kind_of_finding_is_planted_or_says_only_that_something_was_not_read()
    {
        string[] unread =
        [
            "server-unreadable", "rules-unreadable", "stop-not-obeyed", "newer-format", "over-budget",
            "reports-unknown", "usage-unknown", "too-many-namespaces",
        ];

        Assert.Equal(
            Findings.All.Select(finding => finding.Id).Order(),
            All.Values.Select(fault => fault.Finding).Concat(unread).Distinct().Order());
    }

    private static FleetEnsembleServer Dead(FleetEnsembleServer server) => server with
    {
        Status = Observed.Unknown<FleetEnsembleStatus>($"{server.Name} was not reached", UnknownCause.NoAnswer),
    };

    private static FleetReading Refused(string how) => FleetReadings.Healthy().Without(
        1,
        $"cache-1:11211 cannot be used: the TLS handshake failed: The remote certificate is invalid {how}",
        UnknownCause.NotAuthenticated);

    private static FleetReading Unread(params string[] parts) => new()
    {
        Options = FleetReadings.Healthy().Options,
        Source = "appsettings.json",
        At = FleetReadings.Now,
        Limit = TimeSpan.FromSeconds(10),
        Unread = parts,
    };

    private static FleetReading Carrying(FleetServerRules second)
    {
        var reading = FleetReadings.Healthy();
        return reading with { Rules = reading.Rules! with { Servers = [FleetReadings.Carried(1), second] } };
    }

    private static FleetReading LosingReports(FleetReading reading)
    {
        var lost = reading.WithProcess(2, process => process with { Status = ProcessReportStatus.NoReport, Summary = null });
        return lost with
        {
            Reports = Observed.Known(lost.Reports!.Value! with
            {
                Servers = [new ReportServer { Name = FleetReadings.NameOf(2), Reports = 0, Unreadable = 0, Problem = "not read: down" }],
            }),
        };
    }

    private static FleetReading Registry(FleetReading reading, string reason, UnknownCause cause) => reading with
    {
        Rules = reading.Rules! with { Registry = Observed.Unknown<RegistrySnapshot>(reason, cause) },
    };

    // A process that reports more stops than it names may have applied any of them.
    private static FleetReading Stopped(bool applied)
    {
        var reading = FleetReadings.Healthy().WithRules(FleetReadings.Snapshot(4, Stop));
        return Enumerable.Range(1, 3).Aggregate(
            reading, (now, process) => now.WithSummary(process, one => one with { Stops = applied ? 1 : 0 }));
    }

    private static FleetReading Mistaken(NearCacheOptions options) => new()
    {
        Options = options,
        Mistakes = FleetConfiguration.FindMistakes(options),
        Source = "appsettings.json",
    };

    // Namespace shpo, in an ensemble and on servers that have shop.
    private static FleetReading Mistyped()
    {
        var reading = FleetReadings.Healthy();
        reading.Options.Namespace = "shpo";
        reading = reading
            .WithServer(1, one =>
                one with { Namespace = Observed.Known(new FleetServerNamespace { Writes = null, KeyPrefix = null, HasRules = false }) })
            .WithServer(2, one =>
                one with { Namespace = Observed.Known(new FleetServerNamespace { Writes = null, KeyPrefix = null, HasRules = false }) })
            .WithSubtree(tree => tree with
            {
                Missing = ["/nearcache/shpo"],
                Format = null,
                Members = 0,
                RegistryBytes = null,
                RegistryWrites = null,
                SlotWrites = [],
            });
        return reading with
        {
            Rules = new FleetRules
            {
                Current = Observed.Unknown<RegistrySnapshot>("no such node; the memcached servers that answer carry no rules"),
                Registry = Observed.Unknown<RegistrySnapshot>("no such node", UnknownCause.Absent),
                Servers = [FleetReadings.Carried(1, null, null), FleetReadings.Carried(2, null, null)],
            },
            Reports = Observed.Known(new FleetReports { Processes = [], Servers = [] }),
            Details = [],
            Namespaces = Observed.Known<IReadOnlyList<FleetNamespace>>([FleetReadings.Namespace("shop", 3)]),
        };
    }
}
