using NearCache.Memcached.Protocol;
using NearCache.Reports;
using NearCache.Reports.Core;
using NearCache.TestSupport;

namespace NearCache.Tests.Reports;

public sealed class ReportFleetTests(ITestOutputHelper output)
{
    private readonly ManualTime _time = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(6)]
    public void A_thousand_processes_cost_each_server_less_than_500_commands_a_second(int serverCount)
    {
        const int Minutes = 1;
        var servers = Servers(serverCount);
        var fleet = Start(1000, servers);
        var random = new Random(1);
        var due = fleet.ToDictionary(process => process, _ => 5.0 * random.NextDouble());
        Array.ForEach(servers, server => server.Reset());

        // Each process reports every 5 s ± 10 %.
        var peak = 0L;
        for (var second = 0; second < Minutes * 60; second++)
        {
            var before = servers.Max(server => server.Commands);
            foreach (var process in fleet.Where(process => due[process] <= second))
            {
                Assert.True(process.Publish());
                due[process] += 4.5 + random.NextDouble();
            }

            peak = Math.Max(peak, servers.Max(server => server.Commands) - before);
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var perSecond = servers.Max(server => server.Commands) / (Minutes * 60.0);
        var bytes = servers.Max(server => server.Bytes) / (Minutes * 60.0);
        output.WriteLine($"{serverCount} servers: {perSecond:0} commands/s (peak {peak}), {bytes / 1024:0} KiB/s on the busiest");
        Assert.InRange(perSecond, 1, 400);
        Assert.InRange(peak, 1, 499);
        Assert.InRange(bytes, 1, 2_000_000);

        // The bound, and with it a read, stays near the size of the fleet.
        Array.ForEach(servers, server => server.Reset());
        var reports = Read(Reader(servers));
        Assert.Equal(1000, reports.Processes.Count(process => process.Status == ProcessReportStatus.Live));
        var perServer = 1000 * Math.Min(2, serverCount) / serverCount;
        Assert.All(servers, server => Assert.InRange(server.Commands, perServer, (3 * perServer / 2) + 200));
    }

    [Fact]
    public void All_reports_are_read_with_one_round_trip_to_each_server_and_bounded_memory()
    {
        var servers = Servers(2);
        Start(1000, servers);
        var reader = Reader(servers);
        Read(reader);
        Array.ForEach(servers, server => server.Reset());
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reports = Read(reader);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{allocated / 1024} KiB allocated, {servers.Max(server => server.Commands)} commands");
        Assert.All(servers, server => Assert.Equal(1, server.RoundTrips));
        Assert.Equal(1000, reports.Processes.Count);
        Assert.All(reports.Processes, process => Assert.Equal(2, process.Servers.Count));
        Assert.All(reports.Servers, server => Assert.Null(server.Problem));
        Assert.InRange(allocated, 1, 64 << 20);
    }

    [Fact]
    public void Two_readers_do_not_disturb_each_other_and_write_nothing()
    {
        var servers = Servers(2);
        var fleet = Start(50, servers);
        var (one, other) = (Reader(servers), Reader(servers));
        Assert.Equal(Ids(Read(one)), Ids(Read(other)));
        fleet[0].Publish();
        Assert.Equal(Ids(Read(one)), Ids(Read(other)));
        Assert.Equal(Read(one).Processes.Select(process => process.Age), Read(other).Processes.Select(process => process.Age));
    }

    [Fact]
    public void A_restarted_server_loses_no_report_and_the_reader_says_what_happened()
    {
        var servers = Servers(2);
        var fleet = Start(100, servers);
        var reader = Reader(servers);
        Read(reader);
        servers[0].Restart();
        var reports = Read(reader);
        Assert.Equal(100, reports.Processes.Count);
        Assert.Equal("reports lost: cache-1 restarted, or was flushed", reports.Servers[0].Problem);
        Assert.Equal(0, reports.Servers[0].Reports);
        Assert.Null(reports.Servers[1].Problem);

        // The next report is on both again. The reader says for a while that earlier reports are lost, then nothing.
        fleet.ForEach(process => process.Publish());
        reports = Read(reader);
        Assert.Equal("reports lost: cache-1 restarted, or was flushed", reports.Servers[0].Problem);
        Assert.All(reports.Processes, process => Assert.Equal(2, process.Servers.Count));
        Assert.All(Read(reader).Servers, server => Assert.Null(server.Problem));
    }

    [Fact]
    public void A_server_that_does_not_reply_is_named_and_its_reports_are_on_the_other()
    {
        var servers = Servers(2);
        var fleet = Start(20, servers);
        servers[1].IsAway = true;
        fleet.ForEach(process => Assert.True(process.Publish()));
        var reports = Read(Reader(servers));
        Assert.Equal(20, reports.Processes.Count);
        Assert.StartsWith("not read: cache-2 is down", reports.Servers[1].Problem, StringComparison.Ordinal);

        servers[1].IsAway = false;
        fleet.ForEach(process => Assert.True(process.Publish()));
        Assert.All(Read(Reader(servers)).Processes, process => Assert.Equal(2, process.Servers.Count));
    }

    [Fact]
    public void A_process_that_slept_past_the_expiry_of_its_report_is_seen_again()
    {
        var servers = Servers(2);
        var fleet = Start(10, servers);
        for (var seconds = 0; seconds < ReportNames.Lifetime + 30; seconds += 5)
        {
            fleet.Skip(1).ToList().ForEach(process => process.Publish());
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        Assert.Equal(9, Read(Reader(servers)).Processes.Count);
        Assert.True(fleet[0].Publish());
        Assert.Equal(10, Read(Reader(servers)).Processes.Count(process => process.Status == ProcessReportStatus.Live));
    }

    [Fact]
    public void A_pod_that_crashes_again_and_again_is_seen_with_its_starts_for_15_minutes()
    {
        var servers = Servers(2);
        Start(3, servers);
        for (var start = 1; start <= 13; start++)
        {
            Assert.True(new SimulatedProcess(100, servers, _time, pod: "blog-web-crash", seed: 1000 + start).Publish());
            _time.Advance(TimeSpan.FromSeconds(40));
        }

        // The last one has died as well.
        _time.Advance(TimeSpan.FromMinutes(14));
        var crashes = Read(Reader(servers)).Processes.Where(process => process.Summary!.Pod == "blog-web-crash").ToArray();
        var last = Assert.Single(crashes, process => process.Summary!.Starts == 13);
        Assert.Equal(ProcessReportStatus.Silent, last.Status);
        Assert.Equal("k8s-n9", last.Summary!.Node);
        Assert.Equal(TimeSpan.FromSeconds(880), last.Age);

        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.Empty(Read(Reader(servers)).Processes);
    }

    [Fact]
    public void The_last_report_of_a_process_says_that_it_has_ended()
    {
        var servers = Servers(2);
        var fleet = Start(2, servers);
        fleet[0].Publish(isLast: true);
        var reports = Read(Reader(servers));
        Assert.Equal(ProcessReportStatus.Ended, reports.Processes.Single(process => process.Id == fleet[0].Id).Status);
        Assert.Equal(ProcessReportStatus.Live, reports.Processes.Single(process => process.Id == fleet[1].Id).Status);
    }

    [Fact]
    public async Task A_process_of_an_older_version_is_listed_as_a_member_without_a_report()
    {
        var servers = Servers(1);
        var fleet = Start(1, servers);
        FleetMember[] members =
        [
            new() { Id = fleet[0].Id, Host = "web-1", Version = "0.1.0.0" },
            new() { Id = "old", Host = "web-9", Version = "0.0.9.0" },
        ];
        var read = await Reader(servers).ReadAsync(members, TestContext.Current.CancellationToken);
        var old = read.Processes.Single(process => process.Id == "old");
        Assert.Equal((ProcessReportStatus.NoReport, "0.0.9.0"), (old.Status, old.Member!.Version));
        Assert.Equal("web-1", read.Processes.Single(process => process.Id == fleet[0].Id).Member!.Host);
    }

    [Fact]
    public async Task The_detail_of_one_process_is_read_on_demand()
    {
        var servers = Servers(3);
        var fleet = Start(20, servers);
        _time.Advance(TimeSpan.FromSeconds(3));
        var detail = await Reader(servers).ReadDetailAsync(fleet[7].Id, TestContext.Current.CancellationToken);
        Assert.Equal(fleet[7].Id, detail!.Id);
        Assert.Equal(12, detail.Rules.Count);
        Assert.Equal(TimeSpan.FromSeconds(3), detail.Age);
        Assert.Null(await Reader(servers).ReadDetailAsync(SimulatedProcess.IdOf(999), TestContext.Current.CancellationToken));
        Assert.Null(await Reader(servers).ReadDetailAsync("x y\r\nflush_all", TestContext.Current.CancellationToken));
    }

    private static FleetReports Read(ProcessReportReader reader)
    {
        var read = reader.ReadAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(read.IsCompletedSuccessfully);
        return read.Result;
    }

    private static IEnumerable<string> Ids(FleetReports reports) => reports.Processes.Select(process => process.Id);

    private static ProcessReportReader Reader(CountingServer[] servers) => new(SimulatedProcess.Namespace, () => servers);

    private CountingServer[] Servers(int count) =>
        [.. Enumerable.Range(1, count).Select(number => new CountingServer($"cache-{number}", _time))];

    private List<SimulatedProcess> Start(int count, CountingServer[] servers)
    {
        var fleet = Enumerable.Range(0, count).Select(number => new SimulatedProcess(number, servers, _time)).ToList();
        fleet.ForEach(process => Assert.True(process.Publish()));
        return fleet;
    }
}
