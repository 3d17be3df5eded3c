using System.Net.Sockets;
using System.Text.Json.Nodes;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Cli.Tests.Commands;

public sealed class WhyAndConnectionsTests
{
    [Fact]
    public async Task A_key_is_explained_with_its_rule_its_item_and_its_writer()
    {
        await using var fleet = new FleetOnFakes();
        var process = await fleet.StartAsync();
        await process.SetAsync("product:1", "a secret value", cancellationToken: TestContext.Current.CancellationToken);

        ToolRun run = null!;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                run = await fleet.RunAsync("why", "product:1");
                return run.Output.Contains($"(pid {Environment.ProcessId})", StringComparison.Ordinal);
            },
            "the record of the write names its process");

        Assert.Equal(0, run.Code);
        Assert.Matches(@"(?m)^rule:\s+products \(product:\*\)", run.Output);
        Assert.Matches(@"(?m)^written:\s+\d+ s ago by ", run.Output);
        Assert.DoesNotContain("a secret value", run.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^rule:\s+.*no rule", (await fleet.RunAsync("why", "cart:1")).Output);
    }

    [Fact]
    public async Task The_item_of_a_key_is_shown_without_its_value()
    {
        await using var fleet = new FleetOnFakes();
        var process = await fleet.StartAsync();
        await process.SetAsync("product:1", "a secret value", cancellationToken: TestContext.Current.CancellationToken);

        var run = await fleet.RunAsync("key", "get", "product:1");
        Assert.True(run.Code == 0, run.ToString());
        Assert.Contains(", 14 bytes, ends in ", run.Output, StringComparison.Ordinal);
        Assert.Contains("rule:    products", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("a secret value", run.Output, StringComparison.Ordinal);
        Assert.Equal(1, (await fleet.RunAsync("key", "get", "product:none")).Code);

        // Its value is shown on request, and can do nothing to the terminal.
        var shown = await fleet.RunAsync("key", "get", "product:1", "--value");
        Assert.EndsWith("\nvalue:\na secret value\n", shown.Output, StringComparison.Ordinal);
        await process.SetAsync("raw:1", new byte[] { 0xff, 0x1b, 0x5b }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.EndsWith(
            "\nvalue (base64):\n/xtb\n", (await fleet.RunAsync("key", "get", "raw:1", "--value")).Output, StringComparison.Ordinal);
        await process.SetAsync(
            "raw:2", "\u001b[2J\nx\u202e"u8.ToArray(), cancellationToken: TestContext.Current.CancellationToken);
        var hostile = await fleet.RunAsync("key", "get", "raw:2", "--value");
        Assert.EndsWith("\nvalue:\n\\u001b[2J\nx\\u202e\n", hostile.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writes_are_shown_with_their_writers_and_keys_as_the_settings_say()
    {
        await using var fleet = new FleetOnFakes();
        var process = await fleet.StartAsync();
        using var end = new CancellationTokenSource();
        var writing = WriteAsync();

        // A look may begin after the writes of a busy machine, so it is taken again until it has seen one.
        ToolRun run = null!;
        async Task<bool> ShowsAsync(string pattern, params string[] options)
        {
            run = await fleet.RunAsync(["watch", "--for", "3s", .. options]);
            return System.Text.RegularExpressions.Regex.IsMatch(run.Output, pattern);
        }

        await Eventually.BecomesTrueAsync(
            () => ShowsAsync($@"  #[\w-]{{12}}  by .*\(pid {Environment.ProcessId}\)"), "writes are shown with their writers");
        Assert.DoesNotContain("product:7", run.Output, StringComparison.Ordinal);
        Assert.Equal(0, run.Code);
        await Eventually.BecomesTrueAsync(
            () => ShowsAsync("  product:7  by ", "--plain-keys", "--match", "product:*"), "keys are shown as they are");
        Assert.DoesNotContain("site", run.Output, StringComparison.Ordinal);
        await end.CancelAsync();
        await writing;

        async Task WriteAsync()
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
            while (!end.IsCancellationRequested)
            {
                await process.SetAsync("product:7", "value");
                await process.SetAsync("site", "value");
                await timer.WaitForNextTickAsync();
            }
        }
    }

    [Fact]
    public async Task Connections_are_counted_by_owner_and_one_that_no_report_explains_is_named()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        await using var process = new NearCacheClient(new NearCacheOptions
        {
            Namespace = "shop",
            Reports = { Interval = TimeSpan.FromSeconds(1) },
            Memcached = { Servers = { server.Address } },
        });
        await process.SetAsync("product:1", "value", cancellationToken: TestContext.Current.CancellationToken);
        string[] names = ["--memcached", server.Address, "--namespace", "shop"];
        await Eventually.BecomesTrueAsync(
            async () => (await ToolRun.OfAsync(["connections", .. names])).Code == 0, "every connection is explained");

        var run = await ToolRun.OfAsync(["connections", "--all", .. names]);
        Assert.Contains($"{server.Address}: 2 seen, 2 expected, 0 unaccounted", run.Output, StringComparison.Ordinal);
        Assert.Contains($"(pid {Environment.ProcessId})", run.Output, StringComparison.Ordinal);

        using var stranger = new TcpClient();
        await stranger.ConnectAsync("127.0.0.1", server.Port, TestContext.Current.CancellationToken);
        await Eventually.BecomesTrueAsync(
            async () => (await ToolRun.OfAsync(["connections", .. names])) is { Code: 1 } found
                && found.Output.Contains("3 seen, 2 expected, 1 unaccounted", StringComparison.Ordinal),
            "the connection of another program is counted");
        var json = JsonNode.Parse((await ToolRun.OfAsync(["connections", "--json", .. names])).Output)!;
        Assert.Equal(1, (int)json[0]!["unaccounted"]!);
        Assert.Equal(
            "nearcache: --for is 00:00:05, but must be from 00:00:30 to 01:00:00.\n",
            (await ToolRun.OfAsync(["connections", "--for", "5s", .. names])).Error);
    }
}
