using System.Text;
using NearCache.Memcached.Protocol;
using NearCache.Reports;
using NearCache.Reports.Core;
using NearCache.Reports.Formats;
using NearCache.TestSupport;
using NearCache.Tests.Sequences;

namespace NearCache.Tests.Reports;

/// <summary>Every program that reaches memcached can write a report.</summary>
public sealed class HostileReportsTests
{
    private static readonly ReportNames Names = new(SimulatedProcess.Namespace);

    private readonly ManualTime _time = new();

    public static TheoryData<string> Contents =>
    [
        "", "null", "[]", "\"text\"", "{", "{}", "{\"format\":1}", "{\"format\":2,\"id\":\"a\"}", "{\"format\":\"1\",\"id\":\"a\"}",
        "{\"format\":1,\"id\":7}", "{\"format\":1,\"id\":\"\"}", "{\"format\":1,\"id\":\"a b\"}",
        "{\"format\":1,\"id\":\"" + new string('a', 100) + "\"}",
        new string('[', 500), "{\"format\":1,\"id\":\"a\",\"host\":\"" + new string('x', 600) + "\"}", "\0\u0001\uFFFF",
    ];

    [Theory]
    [MemberData(nameof(Contents))]
    public async Task An_item_that_is_no_report_is_counted_and_hides_no_report(string content)
    {
        var server = new CountingServer("cache-1", _time);
        new SimulatedProcess(1, [server], _time).Publish();
        foreach (var place in Enumerable.Range(0, 16))
        {
            server.Execute(MetaCommand.Set(Names.Place(place), Encoding.UTF8.GetBytes(content), 900) with { Mode = MetaSetMode.Add });
        }

        var reports = await ReadAsync(server);
        Assert.Equal(SimulatedProcess.IdOf(1), Assert.Single(reports.Processes).Id);
        Assert.Equal((1, 15), (reports.Servers[0].Reports, reports.Servers[0].Unreadable));
    }

    [Fact]
    public async Task Members_of_wrong_types_have_their_defaults()
    {
        var server = new CountingServer("cache-1", _time);
        const string Content = """
            {"format":1,"id":"a","host":[],"pod":{},"node":7,"pid":"x","version":null,"start":-1,"starts":1e99,"state":true,
            "servers":"\u202e","rules":9223372036854775808,"stop":[1,{},"zzzzzzzz","0123\u0000\u0000"],"stops":-3,"age":"soon",
            "hits":1.5,"connections":["1",-7,3],"pool":1e18,"monitor":["7",1]}
            """;
        server.Execute(MetaCommand.Set(Names.Place(3), Encoding.UTF8.GetBytes(Content), 900));
        var summary = Assert.Single((await ReadAsync(server)).Processes).Summary!;
        Assert.Equal(
            ("", null, null, 0, "", 1, ProcessState.Unknown),
            (summary.Host, summary.Pod, summary.Node, summary.ProcessId, summary.Version, summary.Starts, summary.State));
        Assert.Equal((0L, 0, 0L, null), (summary.RulesRevision, summary.Stops, summary.NearHits, summary.ConfirmedBefore));
        Assert.Empty(summary.StopHashes);
        Assert.Null(summary.ServersHash);
        Assert.Equal([0, 0, 3], summary.Connections);
        Assert.Null(summary.Monitor);
    }

    [Fact]
    public async Task The_greatest_numbers_of_many_reports_can_be_added_up()
    {
        var server = new CountingServer("cache-1", _time);
        for (var place = 0; place < 3; place++)
        {
            var content = $$"""
                {"format":1,"id":"{{place}}","hits":9223372036854775807,"reads":9223372036854775807,
                "connections":[2147483647,9999999999],"monitor":[9223372036854775807]}
                """;
            server.Execute(MetaCommand.Set(Names.Place(place), Encoding.UTF8.GetBytes(content), 900));
        }

        var summaries = (await ReadAsync(server)).Processes.Select(process => process.Summary!).ToArray();

        // Enumerable.Sum throws when it overflows.
        Assert.InRange(summaries.Sum(summary => summary.NearHits + summary.RemoteReads + summary.Monitor!.Violations), 1, long.MaxValue);
        Assert.Equal([3 * 65_535, 0], Enumerable.Range(0, 2).Select(one => summaries.Sum(summary => summary.Connections![one])));
    }

    [Fact]
    public async Task Texts_cannot_change_how_the_page_around_them_is_shown()
    {
        var server = new CountingServer("cache-1", _time);
        const string Content = "{\"format\":1,\"id\":\"a\",\"host\":\"we\u202Eb\u200F-\\u0000\\r\\n1\",\"pod\":\"\\ud800x\","
            + "\"node\":\"<b>\u2066n\u2069</b>\"}";
        server.Execute(MetaCommand.Set(Names.Place(0), Encoding.UTF8.GetBytes(Content), 900));
        var summary = Assert.Single((await ReadAsync(server)).Processes).Summary!;
        Assert.Equal("we\uFFFDb\uFFFD-\uFFFD\uFFFD\uFFFD1", summary.Host);
        Assert.DoesNotContain('\ud800', summary.Pod ?? "");

        // Markup is text: the page encodes it.
        Assert.Equal("<b>\uFFFDn\uFFFD</b>", summary.Node);
    }

    [Fact]
    public async Task A_million_places_are_not_read()
    {
        var server = new CountingServer("cache-1", _time);
        server.Execute(MetaCommand.Set(Names.Places, """{"format":1,"places":1000000,"life":"00"}"""u8.ToArray()));
        await ReadAsync(server);
        Assert.InRange(server.Commands, 64, ReportNames.MaxPlaces + 2);
    }

    [Fact]
    public async Task A_detail_of_another_program_is_bounded_and_cleaned()
    {
        var server = new CountingServer("cache-1", _time);
        var id = SimulatedProcess.IdOf(1);
        async Task<ProcessDetail?> ReadAsync(string content, int lifetime = 900)
        {
            server.Execute(MetaCommand.Set(Names.Detail(id), Encoding.UTF8.GetBytes(content), lifetime));
            return await new ProcessReportReader(SimulatedProcess.Namespace, () => [server])
                .ReadDetailAsync(id, TestContext.Current.CancellationToken);
        }

        Assert.Null(await ReadAsync(new string(' ', ReportNames.MaxDetail + 1)));
        Assert.Null(await ReadAsync("{\"format\":1,\"id\":\"another\"}"));
        Assert.Null(await ReadAsync($"{{\"format\":1,\"id\":\"{id}\"}}", lifetime: 0));
        var detail = await ReadAsync(
            $$"""
            {"format":1,"id":"{{id}}","near":7,"servers":{"a":1},"rules":[1,"x",{"name":"a\u202eb","hits":-1,"breaker":3}],"zooKeeper":[],
            "warnings":{"x":1,"-5":2,"99999999999":3,"1102":"many","1103":4,"01103":5},"dropped":[1,"rules"]}
            """);
        Assert.Equal("a\uFFFDb", Assert.Single(detail!.Rules).Name);
        Assert.Equal([new(1103, 4)], detail.Warnings);
        Assert.Equal(["rules"], detail.Dropped);
        Assert.Null(detail.ZooKeeper);
    }

    [Fact]
    public void Random_bytes_and_damaged_reports_are_read_or_refused_but_never_throw()
    {
        var random = new Random(7);
        var summary = SummaryFormat.Write(SimulatedProcess.Sample).ToArray();
        var detail = DetailFormat.Write(new SimulatedProcess(1, [], _time).Describe()).ToArray();
        for (var round = 0; round < 20_000; round++)
        {
            var content = (byte[])(round % 2 == 0 ? summary : detail).Clone();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                content[random.Next(content.Length)] = (byte)random.Next(256);
            }

            SummaryFormat.TryRead(content, "shop");
            DetailFormat.TryRead(content, TimeSpan.Zero);
            PlacesItem.TryRead(content, out _);
        }
    }

    // No decision reads a report: near hits, budgets and stops are as without them.
    [Fact]
    public async Task Reports_of_another_program_change_nothing_in_a_process()
    {
        await using var fleet = await Fleet.StartAsync();
        var names = new ReportNames("default");
        var before = fleet.Here.Snapshot();
        var liar = SimulatedProcess.Sample with
        {
            Namespace = "default",
            RulesRevision = 1_000_000,
            Stops = 64,
            StopHashes = [.. Enumerable.Repeat("00000000", 6)],
        };
        foreach (var place in Enumerable.Range(0, 100))
        {
            await fleet.HereRemote.ExecuteAsync(
                new[] { MetaCommand.Set(names.Place(place), SummaryFormat.Write(liar with { Id = $"{place:x32}" }), 900) });
        }

        await fleet.TurnAsync(TimeSpan.FromSeconds(10));
        await fleet.TurnUntilAsync(async () =>
        {
            await fleet.Here.GetAsync<string>("product:warm");
            return (await fleet.Here.GetAsync<string>("product:warm")).Source == CacheSource.Near;
        });
        var after = fleet.Here.Snapshot();
        Assert.Equal(before.RulesRevision, after.RulesRevision);
        Assert.Empty(after.Stops);
        Assert.Equivalent(before.Budgets, after.Budgets);
        Assert.True((await fleet.Here.GetReportsAsync(TestContext.Current.CancellationToken)).Processes.Count > 50);
    }

    private static Task<FleetReports> ReadAsync(CountingServer server) =>
        new ProcessReportReader(SimulatedProcess.Namespace, () => [server]).ReadAsync(null, TestContext.Current.CancellationToken);
}
