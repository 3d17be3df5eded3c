using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NearCache.Cli.Tests.Commands;

/// <summary><c>nearcache console</c> as a process, and what it refuses before it listens.</summary>
public sealed partial class ConsoleCommandTests
{
    private static readonly string[] AnyPort = ["--urls", "http://127.0.0.1:0", "--no-data"];

    [Fact]
    public async Task The_page_opens_by_the_address_that_works_once_and_a_request_to_end_ends_it()
    {
        await using var fleet = new FleetOnFakes();
        using var folder = new TemporaryFolder();
        await using var tool = ToolProcess.Start(folder.Path, ["console", .. AnyPort, .. fleet.Names]);

        var line = await tool.ReadLineAsync() ?? (await tool.EndAsync()).Error;
        Assert.StartsWith("The console is at ", line, StringComparison.Ordinal);
        var entry = new Uri(Address().Matches(line)[^1].Value);
        Assert.True(IPAddress.IsLoopback(IPAddress.Parse(entry.Host)));
        using var browser = new HttpClient { BaseAddress = entry };
        using (var page = await browser.GetAsync(entry))
        {
            Assert.Equal((HttpStatusCode.OK, "/"), (page.StatusCode, page.RequestMessage!.RequestUri!.AbsolutePath));
            var text = await page.Content.ReadAsStringAsync();
            Assert.StartsWith("<!doctype html>", text, StringComparison.OrdinalIgnoreCase);

            // Everything that the page names is in the tool.
            foreach (var name in Asset().Matches(text).Select(match => match.Groups[1].Value))
            {
                using var asset = await browser.GetAsync(new Uri(name, UriKind.Relative));
                Assert.True(asset.StatusCode == HttpStatusCode.OK, name);
            }
        }

        var session = JsonNode.Parse(await browser.GetStringAsync(new Uri("/api/session", UriKind.Relative)))!;
        Assert.Equal("shop", (string?)session["contexts"]![0]!["name"]);
        Assert.Equal("view", string.Join(' ', session["contexts"]![0]!["permissions"]!.AsArray()));
        using (var again = await browser.GetAsync(entry))
        {
            Assert.Equal(HttpStatusCode.Forbidden, again.StatusCode);
        }

        // An open page does not keep it.
        await using var live = await browser.GetStreamAsync(new Uri("/api/live", UriKind.Relative));
        Assert.NotEqual(-1, live.ReadByte());
        tool.Signal();

        Assert.Equal(0, (await tool.EndAsync()).Code);
    }

    [Fact]
    public async Task All_contexts_of_the_file_are_shown_with_its_sign_in()
    {
        await using var fleet = new FleetOnFakes();
        using var folder = new TemporaryFolder();
        folder.Write("shop/appsettings.json", $$"""
            { "NearCache": { "Namespace": "shop", "Memcached": { "Servers": [ "{{fleet.Memcached[0].Address}}" ] } }, "AllowedHosts": "*" }
            """);
        folder.Write("contexts.json", $$"""
            { "Current": "test",
              "Contexts": {
                "prod": { "Config": "shop/appsettings.json", "Cluster": "eu-1" },
                "test": { "ReadOnly": true,
                    "NearCache": { "Namespace": "shop", "Memcached": { "Servers": [ "{{fleet.Memcached[1].Address}}" ] } } } },
              "SignIn": { "Proxy": { "Addresses": [ "127.0.0.1" ] } },
              "Permissions": [ { "Group": "team", "Contexts": [ "*" ], "Allow": [ "Operate" ] } ] }
            """);
        await using var tool = ToolProcess.Start(folder.Path, ["console", .. AnyPort, "--contexts", "contexts.json"]);

        var line = await tool.ReadLineAsync() ?? (await tool.EndAsync()).Error;
        Assert.StartsWith("The console is at ", line, StringComparison.Ordinal);
        using var proxy = new HttpClient();
        var request = new Uri(new Uri(Address().Match(line).Value), "/api/session");
        Assert.Equal(HttpStatusCode.Unauthorized, (await proxy.GetAsync(request)).StatusCode);
        proxy.DefaultRequestHeaders.Add("X-Forwarded-User", "alice");
        proxy.DefaultRequestHeaders.Add("X-Forwarded-Groups", "team");
        var contexts = JsonNode.Parse(await proxy.GetStringAsync(request))!["contexts"]!.AsArray();

        Assert.Equal(["prod eu-1 view operate", "test test view"], contexts.Select(
            context => $"{context!["name"]} {context["cluster"]} {string.Join(' ', context["permissions"]!.AsArray())}"));
        tool.Signal();
        Assert.Equal(0, (await tool.EndAsync()).Code);
    }

    [Theory]
    [InlineData("other machines reach it, and there is no sign-in", "--memcached", "a:1", "--urls", "http://0.0.0.0:5090")]
    [InlineData("needs a certificate", "--memcached", "a:1", "--urls", "https://127.0.0.1:5090")]
    [InlineData("--operate and --read-only contradict each other", "--memcached", "a:1", "--operate", "--read-only")]
    [InlineData("--data and --no-data contradict each other", "--memcached", "a:1", "--data", "x", "--no-data")]
    [InlineData("--read-only is for fleets that the command line or a contexts file names.", "--read-only")]
    [InlineData("There is nothing to show: neither Contexts nor NearCache is configured.")]
    [InlineData("There is no context \"none\".", "--contexts", "contexts.json", "--context", "none")]
    [InlineData("--namespace is a setting of one fleet, and the contexts file has several", "--contexts", "contexts.json", "-n", "x")]
    [InlineData("contexts.json is a contexts file: pass it by --contexts.", "--config", "contexts.json")]
    [InlineData("There is no file", "--config", "none.json")]
    [InlineData("shop: ", "--memcached", "a:99999", "-n", "shop")]
    [InlineData("\"--opreate\" is no command, option or argument", "--memcached", "a:1", "--opreate")]
    public async Task A_mistake_is_one_line_and_nothing_is_listened_on(string expected, params string[] arguments)
    {
        using var folder = new TemporaryFolder();
        folder.Write("contexts.json", """
            { "Contexts": { "a": { "NearCache": { "Memcached": { "Servers": [ "a:1" ] } } } } }
            """);
        string[] noData = arguments.Contains("--no-data") ? [] : ["--no-data"];
        var run = await ToolRun.OfAsync(new Machine { Folder = folder.Path }, ["console", .. noData, .. arguments]);

        Assert.Equal((2, ""), (run.Code, run.Output));
        Assert.StartsWith("nearcache: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.Single(run.Error.TrimEnd('\n').Split('\n'));
    }

    [GeneratedRegex("http://[^ ]+")]
    private static partial Regex Address();

    [GeneratedRegex("(?:src|href)=\"([^\"#:?]+\\.[a-z]+)\"")]
    private static partial Regex Asset();
}
