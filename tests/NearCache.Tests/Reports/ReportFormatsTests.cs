using System.Text;
using NearCache.Reports.Core;
using NearCache.Reports.Formats;
using NearCache.Tests.Conventions;

namespace NearCache.Tests.Reports;

public sealed class ReportFormatsTests
{
    private const long MostRead = 1_000_000_000_000_000;

    // docs/formats.md, "Process reports".
    private static readonly string[] Vectors =
    [
        .. File.ReadLines(Repository.At("docs", "formats.md"))
            .Where(line => line.StartsWith("    {\"format\":1,\"id\":", StringComparison.Ordinal))
            .Select(line => line.Trim()),
    ];

    private static string SummaryVector => Vectors[0];

    private static string DetailVector => Vectors[1];

    [Fact]
    public void A_summary_is_stored_as_documented()
    {
        var written = Encoding.UTF8.GetString(SummaryFormat.Write(SimulatedProcess.Sample).Span);
        Assert.Equal(SummaryVector, written);
        Assert.InRange(written.Length, 300, ReportNames.MaxSummary);
    }

    [Fact]
    public void A_summary_is_read_as_it_was_written()
    {
        var read = SummaryFormat.TryRead(Encoding.UTF8.GetBytes(SummaryVector), SimulatedProcess.Namespace)!;
        Assert.Equivalent(SimulatedProcess.Sample, read, strict: true);
        Assert.True(read.HasApplied("stop-1"));
        Assert.False(read.HasApplied("stop-2"));
        Assert.Null((read with { Stops = 9 }).HasApplied("stop-2"));
    }

    [Fact]
    public void Members_of_a_newer_version_are_kept()
    {
        // Without the address of the node there is room for more.
        var newer = SummaryVector[..SummaryVector.IndexOf(",\"address\"", StringComparison.Ordinal)]
            + ",\"newest\":{\"violations\":0},\"added\":3}";
        var read = SummaryFormat.TryRead(Encoding.UTF8.GetBytes(newer), SimulatedProcess.Namespace)!;
        Assert.Equal("""{"violations":0}""", read.Others["newest"]);
        Assert.Equal("3", read.Others["added"]);
        Assert.Equal(42, read.RulesRevision);
    }

    [Fact]
    public void A_summary_that_is_too_large_loses_its_parts_in_the_documented_order()
    {
        // Long names alone are shortened, and keep their beginning and their end.
        var longNames = SimulatedProcess.Sample with
        {
            Host = "",
            Pod = "blog" + new string('x', 240) + "tail",
            Node = new string('n', 253),
        };
        var read = RoundTrip(longNames);
        Assert.StartsWith("blog", read.Pod, StringComparison.Ordinal);
        Assert.EndsWith("tail", read.Pod, StringComparison.Ordinal);
        Assert.NotNull(read.Connections);
        Assert.NotNull(read.ServersHash);

        // An address of IPv6 and another carrier are too much: the carriers go first.
        var both = RoundTrip(SimulatedProcess.Sample with
        {
            NodeAddress = "2001:db8:85a3::8a2e:370:7334",
            Carriers = new Dictionary<string, bool> { ["ZooKeeper"] = true, ["RabbitMQ"] = false },
        });
        Assert.Empty(both.Carriers);
        Assert.NotNull(both.NodeAddress);

        // The carriers and the address of the node go first, then the checks, then the connections, then the stops, then the hashes.
        Assert.Empty(read.Carriers);
        Assert.Null(read.NodeAddress);
        read = RoundTrip(longNames with
        {
            Connections = [.. Enumerable.Repeat(64, 60)],
            Monitor = SimulatedProcess.Sample.Monitor! with { Violations = 3, ViolatedBefore = TimeSpan.FromHours(1) },
        });
        Assert.Equal(TimeSpan.FromHours(1), read.Monitor!.ViolatedBefore);
        Assert.Null(read.Connections);
        Assert.Null(read.Monitor!.Checked);
        Assert.NotNull(read.ServersHash);

        // Even with the greatest numbers the rest fits, and says who, where and how starved.
        read = RoundTrip(longNames with
        {
            Host = new string('h', 253),
            Version = new string('9', 100),
            ProcessId = int.MaxValue,
            Starts = int.MaxValue,
            RulesRevision = long.MaxValue,
            Stops = int.MaxValue,
            ConfirmedBefore = TimeSpan.FromDays(1000),
            NearHits = long.MaxValue,
            RemoteReads = long.MaxValue,
            Failures = long.MaxValue,
            FactoryRuns = long.MaxValue,
            ThreadPoolDelay = TimeSpan.FromDays(1000),
            RemoteLatency = TimeSpan.FromDays(1000),
            NodeAddress = "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
            GarbageCollectionPause = TimeSpan.FromDays(1000),
            Monitor = new ReportedMonitor
            {
                Violations = long.MaxValue,
                ViolatedBefore = TimeSpan.FromDays(1000),
                Checked = long.MaxValue,
                Agreed = long.MaxValue,
                Unclassified = long.MaxValue,
            },
            StopHashes = [.. Enumerable.Repeat("01234567", 6)],
            Connections = [.. Enumerable.Repeat(64, 60)],
        });
        Assert.Empty(read.StopHashes);
        Assert.Null(read.ServersHash);
        Assert.Null(read.NodeAddress);
        Assert.Equal(MostRead, read.NearHits);
        Assert.Equal(new ReportedMonitor { Violations = MostRead }, read.Monitor);
        Assert.Equal(TimeSpan.FromDays(1000), read.ThreadPoolDelay);
        Assert.StartsWith("blog", read.Pod, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("größe-größe-größe-größe", 12)]
    [InlineData("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 30)]
    [InlineData("abcdefghijklmnop", 8)]
    [InlineData("abc", 3)]
    public void A_text_is_shortened_between_whole_characters(string text, int most)
    {
        var shortened = ReportText.Shorten(text, most);
        Assert.InRange(Encoding.UTF8.GetByteCount(shortened), 1, most);
        Assert.DoesNotContain('\uFFFD', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shortened)));
    }

    [Fact]
    public void A_detail_is_read_as_it_was_written()
    {
        var detail = Detail();
        var written = DetailFormat.Write(detail);
        Assert.Equivalent(detail, DetailFormat.TryRead(written, TimeSpan.FromSeconds(3)), strict: true);
        Assert.Equal(DetailVector, Encoding.UTF8.GetString(written.Span));
    }

    [Fact]
    public void A_detail_that_is_too_large_says_what_was_dropped()
    {
        var detail = Detail();
        var rules = detail with
        {
            Rules = [.. Enumerable.Range(0, 300).Select(
                number => detail.Rules[0] with { Name = $"rule-{number}", NearHits = number })],
        };
        var read = RoundTrip(rules);
        Assert.Equal(["quietRules"], read.Dropped);
        Assert.Equal(20, read.Rules.Count);
        Assert.Equal("rule-299", read.Rules[0].Name);

        // The hottest keys and the busiest prefixes stay.
        ReportedTraffic[] many =
        [
            .. Enumerable.Range(0, 100).Select(number => detail.Keys!.Keys[0] with { Name = $"{number}{new string('k', 20)}" }),
        ];
        read = RoundTrip(detail with { Keys = detail.Keys! with { Keys = many, Prefixes = many } });
        Assert.Equal(["quietRules", "coolKeys"], read.Dropped);
        Assert.Equal((12, 24), (read.Keys!.Keys.Count, read.Keys.Prefixes.Count));
        Assert.StartsWith("11k", read.Keys.Keys[^1].Name, StringComparison.Ordinal);

        var connection = detail.Servers[0].Connections[0];
        read = RoundTrip(rules with
        {
            Servers = [detail.Servers[0] with { ConnectionCount = 64, Connections = [.. Enumerable.Repeat(connection, 640)] }],
        });
        Assert.Equal(["quietRules", "coolKeys", "keys", "rules", "warnings", "connections"], read.Dropped);
        Assert.Null(read.Keys);
        Assert.Equal(64, read.Servers[0].ConnectionCount);

        read = RoundTrip(detail with
        {
            Servers = [.. Enumerable.Repeat(detail.Servers[0] with { Name = new string('s', 250) }, 1000)],
            ZooKeeper = detail.ZooKeeper,
        });
        Assert.Equal(["quietRules", "coolKeys", "keys", "rules", "warnings", "connections", "misses", "servers"], read.Dropped);
        Assert.NotNull(read.ZooKeeper);
    }

    private static ProcessDetail Detail() => new()
    {
        Id = "0123456789abcdef0123456789abcdef",
        Age = TimeSpan.FromSeconds(3),
        NodeAddress = "fd00::9",
        NearEntries = 12,
        NearBytes = 3456,
        NearEvictions = 7,
        NearMisses = new Dictionary<string, long> { ["absent"] = 5 },
        Servers =
        [
            new ReportedServer
            {
                Name = "cache-1:11211",
                Identity = "5f3a",
                IsServedNear = true,
                ConfirmedBefore = TimeSpan.FromMilliseconds(612),
                RemoteLatency = TimeSpan.FromMicroseconds(840),
                ConnectionCount = 1,
                Connections =
                [
                    new ReportedConnection { Local = "10.0.0.7:51234", OpenedAt = DateTimeOffset.FromUnixTimeSeconds(1_893_499_200) },
                ],
            },
        ],
        Carriers =
        [
            new ReportedCarrier
            {
                Name = "RabbitMQ",
                Problem = "it is not connected",
                Sent = 70,
                Failed = 2,
                Received = 300,
                MessagesPerSecond = 100,
                Waiting = 3,
                Members = 4,
            },
        ],
        ZooKeeper = new ReportedZooKeeper
        {
            State = "Connected",
            Requests = 90,
            Failures = 1,
            Announcements = 80,
            AnnouncementsPerSecond = 5,
            Waiting = 2,
            Members = 4,
            Connection = new ReportedConnection
            {
                Local = "[fd00::7]:40000",
                OpenedAt = DateTimeOffset.FromUnixTimeSeconds(1_893_499_201),
            },
        },
        Keys = new ReportedKeys
        {
            Visibility = KeyVisibility.Plain,
            Observed = TimeSpan.FromSeconds(75),
            UncoveredReadsPerSecond = 1234,
            UncoveredWritesPerSecond = 1.25,
            Keys =
            [
                new ReportedTraffic
                {
                    Name = "site:menu",
                    Rule = "products",
                    NameNature = KeyNature.Lock,
                    NearHitsPerSecond = 900,
                    RemoteReadsPerSecond = 12.5,
                    SavableReadsPerSecond = 12.4,
                    WritesPerSecond = 0.5,
                    AddsPerSecond = 0.25,
                    ComparesPerSecond = 0.01,
                    TouchesPerSecond = 0.02,
                    ErrorPerSecond = 3,
                    MeanBytes = 500,
                    MeanReadDuration = TimeSpan.FromMicroseconds(350),
                },
            ],
            Prefixes = [new ReportedTraffic { Name = "price:", RemoteReadsPerSecond = 800, SavableReadsPerSecond = 790, NearEntries = 25 }],
        },
        Rules =
        [
            new ReportedRule
            {
                Name = "products",
                IsOn = true,
                IsDryRun = true,
                ChurnBreaker = ChurnBreakerState.HalfOpen,
                NearHits = 100,
                RemoteReads = 20,
                Writes = 3,
                Announcements = 2,
                NearHitsPerSecond = 10,
                RemoteReadsPerSecond = 2,
                WritesPerSecond = 0.3,
                AnnouncementsPerSecond = 0.2,
                NearEntries = 7,
                NearBytes = 2000,
                Suspensions = 1,
                Observed = TimeSpan.FromSeconds(75),
            },
        ],
        Warnings = new Dictionary<int, long> { [1102] = 3 },
    };

    private static ProcessSummary RoundTrip(ProcessSummary summary)
    {
        var written = SummaryFormat.Write(summary);
        Assert.InRange(written.Length, 1, ReportNames.MaxSummary);
        return SummaryFormat.TryRead(written, SimulatedProcess.Namespace)!;
    }

    private static ProcessDetail RoundTrip(ProcessDetail detail)
    {
        var written = DetailFormat.Write(detail);
        Assert.InRange(written.Length, 1, ReportNames.MaxDetail);
        return DetailFormat.TryRead(written, TimeSpan.Zero)!;
    }
}
