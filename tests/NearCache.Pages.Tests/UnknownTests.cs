using System.Text.Json.Nodes;
using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;

namespace NearCache.Pages.Tests;

/// <summary>What is not known is never shown as zero or as well.</summary>
public sealed class UnknownTests(ShownFleet fleet)
{
    [Fact]
    public async Task Every_figure_of_the_first_screen_that_is_unknown_says_so()
    {
        await using var viewer = await fleet.OpenAsync(before: async page =>
        {
            await page.RouteAsync("**/live", route => route.AbortAsync());
            await page.RouteAsync("**/api/contexts/test-rules", async route =>
            {
                var answer = await route.FetchAsync();
                var overview = JsonNode.Parse(await answer.TextAsync())!;
                Forget(overview);
                await route.FulfillAsync(new RouteFulfillOptions { Response = answer, Body = overview.ToJsonString() });
            });
        });
        viewer.ExpectsErrors = true;
        var values = await viewer.Page.Locator(".figure .value.unknown").AllInnerTextsAsync();
        Assert.True(values.Count >= 8, $"{values.Count} figures are unknown");
        Assert.All(values, value => Assert.Matches("^\\?\\s(unknown|not permitted)", value.Trim()));
        Assert.All(await viewer.Page.Locator("td.figurecell").AllInnerTextsAsync(), value => Assert.Matches("^[^0-9]*$", value));
    }

    [Fact]
    public async Task A_console_that_gives_no_news_is_not_well()
    {
        Browser.Require();
        var own = new Dictionary<string, NearCacheOptions> { ["test-rules"] = fleet.Settings };
        var console = await ConsoleHost.StartAsync(own);
        await using var viewer = await fleet.Browser.OpenAsync(
            console.Address, "viewer", before: page => page.Clock.InstallAsync());
        viewer.ExpectsErrors = true;
        await viewer.IsLiveAsync();
        await console.DisposeAsync();
        await viewer.Page.GetByText("connecting again").First.WaitForAsync();
        await viewer.Page.Clock.FastForwardAsync(20_000);
        await viewer.ShowsAsync("The console has had no news for");
        Assert.Equal(1, await viewer.Page.Locator(".verdict.unknown").CountAsync());
        Assert.Equal(0, await viewer.Page.Locator(".verdict.well").CountAsync());

        await using var again = await ConsoleHost.StartAsync(own, console.Port);
        await viewer.Page.Clock.FastForwardAsync(20_000);
        await viewer.IsLiveAsync();
    }

    // Makes every observed part unknown.
    private static void Forget(JsonNode? node)
    {
        if (node is JsonObject part && (part.ContainsKey("value") || part.ContainsKey("unknown")))
        {
            part.Remove("value");
            part["unknown"] = "the server does not permit it";
        }
        else if (node is JsonObject thing)
        {
            foreach (var (_, member) in thing.ToArray())
            {
                Forget(member);
            }
        }
        else if (node is JsonArray list)
        {
            foreach (var member in list)
            {
                Forget(member);
            }
        }
    }
}
