using System.Diagnostics;
using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;
using NearCache.TestSupport;

namespace NearCache.Pages.Tests;

/// <summary>What a person does with the console, on real servers and processes.</summary>
[Collection(Edits.Name)]
public sealed class OperationTests(ShownFleet fleet, ITestOutputHelper output)
{
    private static readonly EditReason Bob = new() { Who = "bob", Why = "speed up the locks" };

    [Fact]
    public async Task A_mistaken_rule_is_found_and_stopped_by_three_clicks_from_the_first_screen()
    {
        await using var viewer = await fleet.OpenAsync();
        await fleet.Client.Rules.AddAsync(new RuleOptions { Name = "locks", Match = "lock:*" }, Bob);
        foreach (var process in fleet.Processes)
        {
            await process.AskAsync("churn lock:");
        }

        var clock = Stopwatch.StartNew();

        // Its name, and its author, in the first sentence.
        var cause = viewer.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 }).GetByRole(AriaRole.Link);
        await cause.Filter(new LocatorFilterOptions { HasText = "“locks”" }).WaitForAsync();
        var named = clock.Elapsed;
        Assert.Contains("bob", await cause.InnerTextAsync(), StringComparison.Ordinal);
        await viewer.PictureAsync("incident");

        await cause.ClickAsync();
        await viewer.Button("Stop…").ClickAsync();
        var confirm = viewer.Button("Stop this rule");
        await viewer.Field("Reason").FillAsync("incident 4711");
        Assert.True(await confirm.IsDisabledAsync());
        await viewer.Field("Type locks to confirm").FillAsync("locks");
        await viewer.PictureAsync("stop-dialog", whole: false);
        clock.Restart();
        await confirm.ClickAsync();
        await Task.WhenAll(fleet.Processes.Select(process => Eventually.BecomesTrueAsync(
            async () => await process.AskAsync("near lock:0") == "False", "every process obeys the stop")));
        var obeyed = clock.Elapsed;
        await viewer.ShowsAsync("All 4 processes have obeyed.");
        output.WriteLine($"[FIGURE] a mistaken rule: named on the first screen after {named.TotalSeconds:0.0} s; stopped, all 4 processes "
            + $"obeyed within {obeyed.TotalSeconds:0.0} s and were shown to within {clock.Elapsed.TotalSeconds:0.0} s");
        await viewer.PictureAsync("obedience", whole: false);

        await viewer.Button("Close").ClickAsync();
        await viewer.Button("End the stop…").WaitForAsync();
        await viewer.Button("End the stop…").ClickAsync();
        await viewer.Field("Reason").FillAsync("over");
        await viewer.Button("End the stop").ClickAsync();
        await viewer.ShowsAsync("Ended");
        await viewer.Button("Close").ClickAsync();
        await viewer.Button("Remove…").ClickAsync();
        await viewer.Field("Reason").FillAsync("a mistake");
        await viewer.Button("Remove the rule").ClickAsync();
        await viewer.ShowsAsync("There is no such rule.");
    }

    [Fact]
    public async Task A_rule_is_added_as_a_dry_run_and_promoted()
    {
        await using var viewer = await fleet.OpenAsync("rules");
        await viewer.Button("Add a rule…").ClickAsync();
        await viewer.Field("Name").FillAsync("menu");
        await viewer.Field("Match").FillAsync("*menu");
        await viewer.Button("Show what it would change").ClickAsync();
        await viewer.Page.GetByRole(AriaRole.Alert).WaitForAsync();
        await viewer.Field("Match").FillAsync("menu:*");
        await viewer.Button("Show what it would change").ClickAsync();
        await viewer.Field("Reason").FillAsync("the menu of every page");
        await viewer.LookAsync(width: 360, isDark: true);
        Assert.Equal(0, await viewer.OverflowAsync());
        Assert.Empty(await viewer.BarriersAsync());
        await viewer.LookAsync(width: 1280, isDark: false);
        await viewer.PictureAsync("add-rule", whole: false);
        await viewer.Button("Add as a dry run").ClickAsync();
        await viewer.Link("menu").First.ClickAsync();
        await viewer.Button("Put in force…").WaitForAsync();
        Assert.False(bool.Parse(await fleet.Processes[0].AskAsync("near menu:1")));

        // A dry run is observed for 90 s before it may be promoted.
        fleet.Console.Clock.Skip(TimeSpan.FromSeconds(100));
        await viewer.Button("Put in force…").ClickAsync();
        await viewer.Field("Reason").FillAsync("it helps");
        await viewer.Button("Put it in force").ClickAsync();
        await viewer.Button("Disable…").WaitForAsync();
        await fleet.Processes[1].ServeNearAsync("menu:1");

        // By one edit of the history, back to a dry run.
        await viewer.Page.GetByRole(AriaRole.Listitem).Filter(new LocatorFilterOptions { HasText = "it helps" })
            .GetByRole(AriaRole.Button, new LocatorGetByRoleOptions { Name = "Undo…" }).ClickAsync();
        await viewer.Field("Reason").FillAsync("for the next test");
        await viewer.Button("Undo it").ClickAsync();
        await viewer.Button("Put in force…").WaitForAsync();
        await fleet.Client.Rules.RemoveAsync("menu", Bob);
    }

    [Fact]
    public async Task The_owners_of_connections_are_named()
    {
        // A client that is never disposed, in one of the processes.
        await fleet.Processes[2].AskAsync("leak");
        await fleet.ReportsConnectionsAsync();
        var shown = new List<string>();
        foreach (var server in fleet.Memcached)
        {
            await using var viewer = await fleet.OpenAsync($"memcached?server={server.Address}");
            await viewer.IsLiveAsync();
            await viewer.Page.GetByRole(AriaRole.Table, new PageGetByRoleOptions { Name = "Owners of connections" }).WaitForAsync();
            Assert.Empty(await viewer.BarriersAsync());
            shown.Add(await viewer.TextAsync());
            await viewer.PictureAsync("memcached-server");
        }

        Assert.All(shown, text => Assert.Contains("web-2 (pid", text, StringComparison.Ordinal));
        Assert.Contains(shown, text => text.Contains("unaccounted ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_is_explained_and_removed()
    {
        await fleet.Processes[1].ServeNearAsync("product:7");
        await using var viewer = await fleet.OpenAsync("key");
        await viewer.Field("The key, as the application names it").FillAsync("product:7");
        await viewer.Button("Why is it near, or not?").ClickAsync();
        await viewer.Link("products").First.WaitForAsync();
        await viewer.PictureAsync("key");
        await viewer.Button("Read the value…").ClickAsync();
        await viewer.Field("Reason").FillAsync("a test");
        await viewer.Button("Read the value").ClickAsync();
        await viewer.ShowsAsync("value");
        await viewer.Button("Close").ClickAsync();
        await viewer.Button("Remove…").ClickAsync();
        await viewer.Field("Reason").FillAsync("a test");
        await viewer.Field("Type product:7 to confirm").FillAsync("product:7");
        await viewer.Button("Remove it").ClickAsync();
        await viewer.ShowsAsync("Removed.");
        Assert.DoesNotContain("product", viewer.Page.Url.Split('#')[0], StringComparison.Ordinal);
    }
}
