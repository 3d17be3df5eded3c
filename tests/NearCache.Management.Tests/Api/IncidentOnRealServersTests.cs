using System.Diagnostics;
using System.Text.Json.Nodes;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Management.Tests.Api;

/// <summary>The outage on a real memcached and a real ZooKeeper: a rule over locks, found on the first screen and stopped there.</summary>
public sealed class IncidentOnRealServersTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_mistaken_rule_is_named_on_the_first_screen_with_its_author_and_stopped()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var zooKeeper = await ZooKeeperProcess.StartNewAsync();
        NearCacheOptions Options()
        {
            var options = new NearCacheOptions { Namespace = "shop" };
            options.Rules.Add(new RuleOptions { Name = "products", Match = "product:*" });
            options.Memcached.Servers.Add(memcached.Address);
            options.ZooKeeper.ConnectionString = zooKeeper.Address;

            // What is alive may be slow on a busy machine.
            options.Memcached.OperationTimeout = TimeSpan.FromSeconds(4);
            options.Memcached.ConnectTimeout = TimeSpan.FromSeconds(20);
            return options;
        }

        await using var one = new NearCacheClient(Options());
        await using var other = new NearCacheClient(Options());
        await one.SetAsync("product:1", "tea");
        await using var console = await ConsoleOfTests.StartAsync(configure: options =>
        {
            options.Contexts.Clear();
            options.Contexts["shop"] = new ConsoleContextOptions { Caches = Options() };
        });
        await console.GetAsync("api/contexts/shop");

        using var ended = new CancellationTokenSource();
        await one.Rules.AddAsync(
            new RuleOptions { Name = "locks", Match = "lock:*" }, new EditReason { Who = "alice", Why = "speed up the locks" });
        var begun = Stopwatch.StartNew();
        var traffic = Task.WhenAll(Write(one, ended.Token), Write(other, ended.Token));

        // As the page does: it looks again and again, and is served what was read once for all.
        await UntilAsync(overview => (string?)overview["lastChange"]?["subject"] == "locks", "the edit is shown");
        var edited = begun.Elapsed;
        var named = await UntilAsync(
            overview => ((string?)overview["verdict"]!["sentence"])!.StartsWith("Rule “locks”", StringComparison.Ordinal)
                && (string?)overview["verdict"]!["level"] == "bad",
            "the rule is named as bad, as soon as its rate is known");
        output.WriteLine($"[FIGURE] console: the mistaken rule on the first screen after {edited.TotalSeconds:0.0} s by its edit, "
            + $"after {begun.Elapsed.TotalSeconds:0.0} s by its rate");
        var sentence = (string)named["verdict"]!["sentence"]!;
        Assert.Contains("alice added it at", sentence, StringComparison.Ordinal);
        Assert.Contains("times a second", sentence, StringComparison.Ordinal);

        var (_, stopped) = await console.PostAsync(
            "api/contexts/shop/stop", """{"rule":"locks","confirm":"locks","reason":"locks are no cache"}""");
        begun.Restart();
        var id = (string)stopped["stop"]!["id"]!;
        await Eventually.BecomesTrueAsync(
            async () => (await console.GetAsync($"api/contexts/shop/stops/{id}/obedience"))["value"] is { } obedience
                && (bool)obedience["isComplete"]! && obedience["obeyed"]!.AsArray().Count == 2,
            "both processes have obeyed");
        output.WriteLine($"[FIGURE] console: both processes shown as obeying after {begun.Elapsed.TotalSeconds:0.0} s");
        await ended.CancelAsync();
        await traffic;

        async Task<JsonNode> UntilAsync(Func<JsonNode, bool> isSo, string what)
        {
            JsonNode overview = null!;
            await Eventually.BecomesTrueAsync(async () => isSo(overview = await console.GetAsync("api/contexts/shop")), what);
            return overview;
        }
    }

    private static async Task Write(NearCacheClient process, CancellationToken ended)
    {
        for (var number = 0; !ended.IsCancellationRequested; number++)
        {
            await process.SetAsync($"lock:{number % 1000}", number, cancellationToken: CancellationToken.None);
            if (number % 20 == 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), CancellationToken.None);
            }
        }
    }
}
