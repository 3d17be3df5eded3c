using System.Net.Security;
using NearCache.Cli.Doctoring;

namespace NearCache.Cli.Tests.Doctoring;

/// <summary>The doctor finds nothing wrong in fleets that are well.</summary>
public sealed class HealthyFleetsTests
{
    private static readonly Dictionary<string, Func<FleetReading>> All = new()
    {
        ["with everything"] = () => FleetReadings.Healthy(),
        ["no ZooKeeper"] = () => FleetReadings.Healthy(hasZooKeeper: false),
        ["one server"] = () => FleetReadings.Healthy(servers: 1),
        ["TLS"] = () =>
        {
            var reading = FleetReadings.Healthy();
            reading.Options.Memcached.Tls = new SslClientAuthenticationOptions();
            reading.Options.ZooKeeper.Tls = new SslClientAuthenticationOptions();
            return reading;
        },
        ["a broker beside ZooKeeper in some processes"] = () => FleetReadings.Healthy()
            .WithCarrier(1, "RabbitMQ", isDelivering: true).WithCarrier(2, "RabbitMQ", isDelivering: true),
        ["a broker alone, and a process that has just started"] = () => FleetReadings.Healthy(hasZooKeeper: false)
            .WithCarrier(1, "RabbitMQ", isDelivering: true)
            .WithCarrier(2, "RabbitMQ", isDelivering: false, "no message has come back yet")
            .WithSummary(2, one => one with { StartedAt = FleetReadings.Now - TimeSpan.FromSeconds(4) }),
        ["a process that has just started, without a session"] = () => FleetReadings.Healthy()
            .WithCarrier(3, "ZooKeeper", isDelivering: false, "it is not connected")
            .WithSummary(3, one => one with { StartedAt = FleetReadings.Now - TimeSpan.FromSeconds(2) })
            .WithProcess(3, process => process with { Member = null }),
        ["reports without carriers, of an older version"] = () => FleetReadings.Healthy()
            .WithSummary(1, one => one with { Carriers = new Dictionary<string, bool>() })
            .WithSummary(2, one => one with { Carriers = new Dictionary<string, bool>() })
            .WithSummary(3, one => one with { Carriers = new Dictionary<string, bool>() }),
        ["rolling upgrade under way"] = () => FleetReadings.Healthy(processes: 4)
            .WithSummary(1, one => one with { Version = "0.2.0.0", StartedAt = FleetReadings.Now - TimeSpan.FromMinutes(9) })
            .WithSummary(2, one => one with { Version = "0.2.0.0", StartedAt = FleetReadings.Now - TimeSpan.FromMinutes(4), Starts = 2 })
            .WithSummary(3, one => one with
            {
                // It has just started: no member yet, nothing confirmed.
                Version = "0.2.0.0",
                State = ProcessState.Starting,
                StartedAt = FleetReadings.Now - TimeSpan.FromSeconds(3),
                ConfirmedBefore = null,
                PrefixHash = null,
                RulesRevision = 0,
            })
            .WithProcess(3, process => process with { Member = null })
            .WithProcess(4, process => process with
            {
                Status = ProcessReportStatus.Ended,
                Member = null,
                Summary = process.Summary! with { State = ProcessState.Ended },
            })
            .WithSubtree(tree => tree with { Members = 2 }),
        ["fresh"] = () => FleetReadings.Healthy().WithRules(FleetReadings.Snapshot(5) with
        {
            History =
            [
                FleetReadings.Snapshot(5).History[0] with { When = FleetReadings.Now - TimeSpan.FromSeconds(3) },
            ],
        }) with
        {
            // The rules were edited three seconds ago: one server is behind, the other has not settled.
            Rules = FleetReadings.Healthy().WithRules(FleetReadings.Snapshot(5) with
            {
                History = [FleetReadings.Snapshot(5).History[0] with { When = FleetReadings.Now - TimeSpan.FromSeconds(3) }],
            }).Rules! with
            {
                Servers = [FleetReadings.Carried(1, revision: 5, settled: 4), FleetReadings.Carried(2, revision: 4, settled: 4)],
            },
        },
        ["just started, with rules that no process has edited"] = () => Unsettled(FleetReadings.Healthy()
            .WithSummary(1, one => one with { StartedAt = FleetReadings.Now - TimeSpan.FromSeconds(15) })
            .WithSummary(2, one => one with { StartedAt = FleetReadings.Now - TimeSpan.FromSeconds(12) })
            .WithSummary(3, one => one with { StartedAt = FleetReadings.Now - TimeSpan.FromSeconds(12) })),
        ["edits that changed the keys of no rule, which need no lease"] = () => FleetReadings.Healthy() with
        {
            Rules = FleetReadings.Healthy().Rules! with
            {
                Servers = [FleetReadings.Carried(1, settled: 3), FleetReadings.Carried(2, settled: 1)],
            },
        },
        ["servers just restarted"] = () => Unsettled(FleetReadings.Healthy()
            .WithStatistics(1, one => one with { Uptime = TimeSpan.FromSeconds(9) })
            .WithStatistics(2, one => one with { Uptime = TimeSpan.FromSeconds(9) })),
        ["quiet"] = () => FleetReadings.Healthy() with
        {
            Usage = Observed.Known<IReadOnlyList<RuleUsage>>(
                [FleetReadings.Usage("products", 0, 0, 0), FleetReadings.Usage("site", 0, 0, 0)]),
        },
        ["1,000 processes"] = () => FleetReadings.Healthy(servers: 10, processes: 1000),
        ["chroot"] = () =>
        {
            var reading = FleetReadings.Healthy().WithEnsemble(ensemble => ensemble with { Chroot = "/shops" });
            reading.Options.ZooKeeper.ConnectionString = "zk-1:2181/shops";
            return reading;
        },
        ["other remote"] = () => FleetReadings.Healthy(servers: 0) with
        {
            Usage = null,
            Reports = Observed.Unknown<FleetReports>("no memcached server is configured (Memcached:Servers), so there are no reports"),
            Details = [],
            Ensemble = FleetReadings.Ensemble(0),
        },
        ["defaults, evictions long ago, a namespace of the night"] = () => FleetReadings.Healthy()
            .WithStatistics(1, one => one with { Evictions = 7 }) with
        {
            EarlierServers = FleetReadings.Healthy().WithStatistics(1, one => one with { Evictions = 7 }).Servers,
            Namespaces = Observed.Known<IReadOnlyList<FleetNamespace>>(
            [
                FleetReadings.Namespace("shop", 3, isOwn: true), FleetReadings.Namespace("shop-2", 0, daysOld: 2),
                FleetReadings.Namespace("search", 12),
            ]),
        },
        ["an enforced quota with room"] = () => FleetReadings.Healthy().WithSubtree(tree => tree with
        {
            Quota = Observed.Known(new FleetQuota
            {
                Limits = "count=-1,bytes=-1=;byteHardLimit=1000000;countHardLimit=200",
                Used = "count=16,bytes=2048",
            }),
        }),
        ["before the first process"] = () => Empty() with { IsBeforeFirstStart = true },
        ["switched off, never started"] = Empty,
    };

    public static TheoryData<string> Names => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Nothing_is_wrong(string fleet)
    {
        var checks = FleetDoctor.Examine(All[fleet]());

        Assert.Empty(checks.Where(check => check.Level != CheckLevel.Good).Select(check => $"{check.Finding!.Id}: {check.Found}"));
        Assert.Equal(0, FleetDoctor.ExitCodeOf(checks));
        Assert.Contains(checks, check => check.Group == CheckGroup.Configuration);
        Assert.Contains(checks, check => check.Group == CheckGroup.ZooKeeper);
        Assert.Contains(checks, check => check.Group == CheckGroup.Processes || check.Group == CheckGroup.Agreement);
    }

    [Fact]
    public void The_same_reading_gives_the_same_result()
    {
        var reading = FleetReadings.Healthy(processes: 40).WithSummary(7, one => one with { Starts = 9 });

        Assert.Equal(FleetDoctor.Examine(reading), FleetDoctor.Examine(reading));
    }

    // The rules are on the servers, and no lease has passed since.
    private static FleetReading Unsettled(FleetReading reading) => reading.WithRules(FleetReadings.Snapshot(1) with { History = [] }) with
    {
        Rules = reading.WithRules(FleetReadings.Snapshot(1) with { History = [] }).Rules! with
        {
            Servers = [FleetReadings.Carried(1, revision: 1, settled: 0), FleetReadings.Carried(2, revision: 1, settled: 0)],
        },
    };

    // Servers that run, and a namespace that nothing has created.
    private static FleetReading Empty()
    {
        var reading = FleetReadings.Healthy();
        var none = Observed.Known(new FleetServerNamespace { Writes = null, KeyPrefix = null, HasRules = false });
        return reading
            .WithServer(1, one => one with { Namespace = none })
            .WithServer(2, one => one with { Namespace = none })
            .WithSubtree(tree => tree with
            {
                Missing = ["/nearcache", "/nearcache/shop"],
                Format = null,
                Members = 0,
                RegistryBytes = null,
                RegistryWrites = null,
                SlotWrites = [],
            }) with
        {
            Rules = new FleetRules
            {
                Current = Observed.Unknown<RegistrySnapshot>("no such node; the memcached servers that answer carry no rules"),
                Registry = Observed.Unknown<RegistrySnapshot>("no such node", UnknownCause.Absent),
                Servers = [FleetReadings.Carried(1, null, null), FleetReadings.Carried(2, null, null)],
            },
            Usage = Observed.Known<IReadOnlyList<RuleUsage>>([]),
            Reports = Observed.Known(new FleetReports { Processes = [], Servers = [] }),
            Details = [],
            Namespaces = Observed.Known<IReadOnlyList<FleetNamespace>>([]),
        };
    }
}
