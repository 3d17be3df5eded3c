using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using NearCache.Management.Collecting;
using NearCache.TestSupport;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.Api;

public sealed class OverviewTests(ITestOutputHelper output)
{
    private const int KeysOfProcess = 10;

    [Fact]
    public async Task The_first_screen_shows_what_is_there_and_calls_nothing_zero_that_is_unknown()
    {
        var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await Eventually.BecomesTrueAsync(() => process.Snapshot().Coordination!.IsMember, "the process is a member");
        await using var console = await ConsoleOfTests.StartAsync(fleet);

        var overview = await console.GetAsync("api/contexts/shop", answer => answer["processes"]!["value"]);

        Assert.Equal("prod", (string?)overview["context"]!["cluster"]);
        Assert.Equal(1, (int)overview["processes"]!["value"]!["live"]!);
        Assert.Equal(
            fleet.Memcached.Select(server => server.Address), overview["servers"]!.AsArray().Select(server => (string?)server!["name"]));
        Assert.All(overview["servers"]!.AsArray(), server =>
        {
            Assert.Equal(("up", 1.0), ((string?)server!["state"], (double)server["expected"]!["value"]!));
            Assert.NotNull((string?)server["unaccountedHourAgo"]!["unknown"]);
        });
        Assert.Equal("a rate needs two readings", (string?)overview["traffic"]!["nearReadsPerSecond"]!["now"]!["unknown"]);
        Assert.Equal("there is no reading of an hour ago", (string?)overview["traffic"]!["nearReadsPerSecond"]!["hourAgo"]!["unknown"]);
        Assert.Equal(100, (double)overview["zooKeeper"]!["budgetPerSecond"]!);
        Assert.Equal(1, (double)overview["revision"]!["value"]!);

        fleet.Memcached[0].Kill();
        fleet.Memcached[1].Kill();
        await Eventually.BecomesTrueAsync(
            async () => (string?)(overview = await console.GetAsync("api/contexts/shop"))["servers"]![0]!["state"] == "down",
            "the servers are down");
        Assert.NotEqual("well", (string?)overview["verdict"]!["level"]);
        Assert.NotNull((string?)overview["servers"]![0]!["connections"]!["unknown"]);
        Assert.Equal((0, 1), ((int)overview["processes"]!["value"]!["live"]!, (int)overview["processes"]!["value"]!["noReport"]!));
        Assert.Null(overview["servers"]![0]!["connections"]!["value"]);
    }

    [Fact]
    public async Task Several_contexts_are_rows_the_worst_first_and_one_that_is_out_of_reach_is_unknown()
    {
        var fleet = new FleetOfTests();
        await fleet.StartAsync();
        await using var console = await ConsoleOfTests.StartAsync(fleet, options =>
        {
            var gone = new NearCacheOptions { Namespace = "gone" };
            gone.Memcached.Servers.Add("127.0.0.1:1");
            gone.Memcached.ConnectTimeout = TimeSpan.FromMilliseconds(200);
            options.Contexts["gone"] = new ConsoleContextOptions { Caches = gone };
        });
        await console.GetAsync("api/contexts/shop");
        await console.GetAsync("api/contexts/gone");

        var rows = (await console.GetAsync("api/contexts"))["contexts"]!.AsArray();

        Assert.Equal(["gone", "shop"], rows.Select(row => (string?)row!["name"]));
        Assert.NotEqual("well", (string?)rows[0]!["verdict"]!["level"]);
        Assert.NotNull((string?)rows[0]!["processes"]!["unknown"]);
    }

    [Fact]
    public async Task A_thousand_reports_and_ten_thousand_hot_keys_are_shown_with_bounded_bytes_and_hostile_names_stay_text()
    {
        const int Processes = 1000;
        var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        await PutReportsAsync(fleet.Memcached[0].Port, Processes);
        await using var console = await ConsoleOfTests.StartAsync(fleet, options =>
        {
            options.Contexts.Clear();
            options.Contexts["shop"] = new ConsoleContextOptions { Caches = fleet.Options(hasZooKeeper: false) };
        });
        var overview = await console.GetAsync("api/contexts/shop", answer => answer["processes"]!["value"]);
        Assert.Equal(Processes, (int)overview["processes"]!["value"]!["live"]!);

        using var client = console.Client();
        var clock = Stopwatch.StartNew();
        const int Rounds = 10;
        var text = "";
        for (var round = 0; round < Rounds; round++)
        {
            text = await client.GetStringAsync(new Uri("api/contexts/shop", UriKind.Relative));
        }

        output.WriteLine($"[FIGURE] console: first screen of {Processes} processes in {clock.Elapsed.TotalMilliseconds / Rounds:0.0} ms, "
            + $"{Encoding.UTF8.GetByteCount(text) / 1024.0:0.0} KiB");
        Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, 64 * 1024);

        var page = await client.GetStringAsync(new Uri(
            "api/contexts/shop/processes?status=live&limit=50&offset=950&sort=delay&descending=true", UriKind.Relative));
        Assert.DoesNotContain('<', page);
        var parsed = JsonNode.Parse(page)!;
        Assert.Equal((Processes, 50), ((int)parsed["total"]!, parsed["processes"]!.AsArray().Count));
        Assert.Contains("<img src=x", (string?)parsed["processes"]![0]!["pod"], StringComparison.Ordinal);
        Assert.InRange(Encoding.UTF8.GetByteCount(page), 1, 64 * 1024);
        Assert.InRange(Encoding.UTF8.GetByteCount(await client.GetStringAsync(new Uri("metrics", UriKind.Relative))), 1, 32 * 1024);

        clock.Restart();
        var hot = (await console.GetAsync("api/contexts/shop/hot", answer => answer["value"])).ToJsonString();
        output.WriteLine($"[FIGURE] console: the hottest of {Processes * KeysOfProcess} keys in {clock.Elapsed.TotalMilliseconds:0} ms, "
            + $"{Encoding.UTF8.GetByteCount(hot) / 1024.0:0.0} KiB");
        Assert.DoesNotContain('<', await client.GetStringAsync(new Uri("api/contexts/shop/hot", UriKind.Relative)));
        var found = JsonNode.Parse(hot)!["value"]!;
        output.WriteLine($"[FIGURE] console: {found["keys"]!.AsArray().Count} keys of {found["processes"]} processes are shown");
        Assert.InRange(found["keys"]!.AsArray().Count, 1, 100);
        Assert.InRange(Encoding.UTF8.GetByteCount(hot), 1, 128 * 1024);
    }

    [Fact]
    public async Task Twenty_viewers_cost_the_servers_what_one_does()
    {
        var fleet = new FleetOfTests();
        await fleet.StartAsync();
        await using var console = await ConsoleOfTests.StartAsync(fleet);
        var collector = console.Service.Find("shop")!.Collector;
        await console.GetAsync("api/contexts/shop");
        using var client = console.Client();
        client.Timeout = Timeout.InfiniteTimeSpan;
        var streams = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ => new StreamReader(
            await client.GetStreamAsync(new Uri("api/contexts/shop/live", UriKind.Relative)))));

        var readings = collector.Readings;
        var events = await Task.WhenAll(streams.Select(async stream => new[] { await NextAsync(stream), await NextAsync(stream) }));

        // Each viewer has had the present state and one reading, and there was one reading for all.
        Assert.All(events, seen => Assert.Equal((string?)events[0][1]["at"], (string?)seen[1]["at"]));
        Assert.InRange(collector.Readings - readings, 1, 2);
        foreach (var stream in streams)
        {
            stream.Dispose();
        }
    }

    [Fact]
    public void A_viewer_that_does_not_read_is_dropped_and_others_are_not()
    {
        var stream = new LiveStream();
        var dropped = 0;
        stream.TryAdd(() => dropped++);
        var reading = stream.TryAdd(() => Assert.Fail("It reads."))!;
        for (var sent = 0; sent < 10; sent++)
        {
            stream.Send(new byte[] { 1 });
            Assert.True(reading.Events.TryRead(out _));
        }

        Assert.Equal((1, 1), (dropped, stream.Count));
        while (stream.Count < LiveStream.MostViewers)
        {
            Assert.NotNull(stream.TryAdd(() => { }));
        }

        Assert.Null(stream.TryAdd(() => { }));
    }

    [Fact]
    public async Task Changes_tell_the_edits_that_were_made_before_the_console_started()
    {
        var fleet = new FleetOfTests();
        var process = await fleet.StartAsync();
        await process.Rules.AddAsync(new RuleOptions { Name = "menus", Match = "menu:*" }, FleetOfTests.Reason);
        await using var console = await ConsoleOfTests.StartAsync(fleet);

        var changes = (await console.GetAsync("api/contexts/shop/changes?limit=10"))["changes"]!.AsArray();

        var edit = changes.First(change => (int?)change!["revision"] == 2)!;
        Assert.Equal(("edit", "Alice", false, "a test", "context=shop&rule=menus"),
            ((string?)edit["kind"], (string?)edit["who"], (bool)edit["isVerified"]!, (string?)edit["why"], (string?)edit["query"]));
    }

    [Fact]
    public async Task Carriers_are_shown_with_what_they_do_or_why_they_deliver_nothing()
    {
        const int Lost = 3;
        var fleet = new FleetOfTests();
        await fleet.LeaveNamespaceAsync();
        await StoredReports.PutAsync(fleet.Memcached[0].Port, Lost + 2, place => [
            ($"{place}", $$"""
                {"format":1,"id":"{{place:x32}}","host":"web-{{place}}","pid":7,"version":"0.1.0.0","start":1893499200,"starts":1,
                "state":"running","rules":1,"hits":1,"reads":1,"pool":0,
                "carriers":{"ZooKeeper":true,"RabbitMQ":{{(place < Lost ? "false" : "true")}} } }
                """),
            ($"detail:{place:x32}", $$"""
                {"format":1,"id":"{{place:x32}}","carriers":[
                {"name":"ZooKeeper","delivers":true,"sent":10,"failed":0,"received":30,"limit":5,"waiting":0,"members":5},
                {"name":"RabbitMQ","delivers":false,"problem":"<b>it is not connected","sent":70,"failed":2,"received":300,"limit":100.5,
                "waiting":3,"members":4}]}
                """)]);
        await using var console = await ConsoleOfTests.StartAsync(fleet, options =>
        {
            options.Contexts.Clear();
            options.Contexts["shop"] = new ConsoleContextOptions { Caches = fleet.Options(hasZooKeeper: false) };
        });

        var overview = await console.GetAsync("api/contexts/shop");
        Assert.Equal(Lost, (int)overview["processes"]!["value"]!["noDelivery"]!);
        var cause = Assert.Single(overview["verdict"]!["causes"]!.AsArray(), cause => (string?)cause!["kind"] == "carrierDown")!;
        Assert.Equal(("attention", "RabbitMQ", "processes", "context=shop&status=noDelivery"),
            ((string?)cause["level"], (string?)cause["subject"], (string?)cause["page"], (string?)cause["query"]));

        var found = await console.GetAsync("api/contexts/shop/processes?status=noDelivery");
        Assert.Equal(Lost, (int)found["total"]!);
        Assert.All(found["processes"]!.AsArray(), process =>
            Assert.Equal((true, false), ((bool)process!["carriers"]!["ZooKeeper"]!, (bool)process["carriers"]!["RabbitMQ"]!)));

        var one = await console.GetAsync($"api/contexts/shop/processes/{0:x32}");
        Assert.Equal(
            [
                """{"name":"ZooKeeper","isDelivering":true,"sent":10,"failed":0,"received":30,"""
                    + "\"messagesPerSecond\":5,\"waiting\":0,\"members\":5}",
                """{"name":"RabbitMQ","isDelivering":false,"problem":"\u003Cb\u003Eit is not connected","sent":70,"failed":2,"""
                    + "\"received\":300,\"messagesPerSecond\":100.5,\"waiting\":3,\"members\":4}",
            ],
            one["detail"]!["value"]!["carriers"]!.AsArray().Select(carrier => carrier!.ToJsonString()));
    }

    [Fact]
    public async Task A_stored_day_is_read_once_for_all_viewers()
    {
        var folder = Directory.CreateTempSubdirectory("nearcache-console-").FullName;
        try
        {
            var fleet = new FleetOfTests();
            await fleet.StartAsync();
            var time = new ManualTime();
            await using var console = await ConsoleOfTests.StartAsync(
                fleet, options => options.DataFolder = folder, build: builder => builder.Services.AddSingleton<TimeProvider>(time));
            var yesterday = time.GetUtcNow().AddDays(-1);
            var date = yesterday.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            Task<JsonNode> HistoryAsync() => console.GetAsync($"api/contexts/shop/history?date={date}");
            var file = Path.Combine(folder, "shop", $"{date}.jsonl");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            string Line(int minutes) =>
                $$$"""{"at":"{{{yesterday.AddMinutes(minutes):O}}}","level":"Well","values":{"nearReads":5}}""" + "\n";
            await File.WriteAllTextAsync(file, Line(0));

            var first = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => HistoryAsync()));
            await File.AppendAllTextAsync(file, Line(1));
            await console.GetAsync($"api/contexts/shop/changes?date={date}");

            // The clock stands still: viewers get what was read, until it is too old.
            Assert.All(first.Append(await HistoryAsync()), one => Assert.Equal("[5]", one["series"]!["nearReads"]!.ToJsonString()));
            time.Advance(TimeSpan.FromSeconds(16));
            Assert.Equal("[5,5]", (await HistoryAsync())["series"]!["nearReads"]!.ToJsonString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<JsonNode> NextAsync(StreamReader stream)
    {
        while (await stream.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("data: ", StringComparison.Ordinal) && JsonNode.Parse(line[6..]) is { } data && data["verdict"] is not null)
            {
                return data;
            }
        }

        throw new InvalidOperationException("The stream has ended.");
    }

    // As docs/formats.md has them, with names that want to be markup.
    private static async Task PutReportsAsync(int port, int count)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync("127.0.0.1", port);
        var text = new StringBuilder();
        void Put(string key, string value) => text.Append("ms ~nc:1:shop:report:").Append(key).Append(' ')
            .Append(Encoding.UTF8.GetByteCount(value)).Append(" T900\r\n").Append(value).Append("\r\n");
        Put("places", $$"""{"format":1,"places":{{count}},"life":"1f0c2d3e4a5b6978"}""");
        for (var place = 0; place < count; place++)
        {
            Put($"{place}", $$"""
                {"format":1,"id":"{{place:x32}}","pod":"<img src=x onerror=alert({{place}})>","pid":7,"version":"0.1.0.0",
                "start":1893499200,"starts":1,"state":"running","rules":1,"hits":{{place}},"reads":1,"connections":[1,1],"pool":0}
                """.ReplaceLineEndings(""));
            var keys = Enumerable.Range(0, KeysOfProcess)
                .Select(key => $$"""{"name":"<b>key:{{place}}:{{key}}","reads":{{place + key}} }""");
            Put($"detail:{place:x32}", $$$"""
                {"format":1,"id":"{{{place:x32}}}","keys":{"shown":"plain","seconds":60,"keys":[{{{string.Join(',', keys)}}}]}}
                """);
        }

        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text.ToString()));
        using var reader = new StreamReader(socket.GetStream());
        for (var reply = 0; reply <= 2 * count; reply++)
        {
            Assert.Equal("HD", await reader.ReadLineAsync());
        }
    }
}
