using System.Text.Json.Nodes;
using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;
using static Microsoft.Playwright.Assertions;

namespace NearCache.Pages.Tests;

/// <summary>What holds for every page of the console: how it is reached and operated.</summary>
public sealed class EachPageTests(ShownFleet fleet)
{
    [Fact]
    public async Task A_viewer_sees_no_operation()
    {
        foreach (var page in (string[])["rules?rule=products", "stop", "zookeeper", "key#product:1"])
        {
            await using var viewer = await fleet.OpenAsync(page, user: "viewer");
            await viewer.IsLiveAsync();
            foreach (var operation in await viewer.Page.GetByRole(AriaRole.Button).AllInnerTextsAsync())
            {
                Assert.DoesNotMatch("^(Add|Stop|Edit|Remove|Disable|Enable|Put|Undo|End|Count|Read the value|Refresh)", operation);
            }
        }
    }

    [Fact]
    public async Task A_user_without_a_permission_reads_so_and_signs_out()
    {
        Browser.Require();
        var signedOut = 0;
        await using var viewer = await fleet.OpenAsync(user: "mallory", before: async page =>
        {
            await page.RouteAsync("**/api/session", async route =>
            {
                var session = JsonNode.Parse(await (await route.FetchAsync()).TextAsync())!;
                if (Volatile.Read(ref signedOut) == 0)
                {
                    (session["contexts"], session["signOut"]) = (new JsonArray(), true);
                }

                await route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = session.ToJsonString() });
            });
            await page.RouteAsync("**/api/signout", async route =>
            {
                Interlocked.Increment(ref signedOut);
                await route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = "{}" });
            });
        });
        await viewer.ShowsAsync("You may see no context");
        await viewer.ShowsAsync("You are signed in as mallory");
        await viewer.FitsAsync();
        Assert.Empty(await viewer.BarriersAsync());

        // Signing out loads the page again, for the next user.
        await viewer.Button("Sign out").ClickAsync();
        await viewer.IsLiveAsync();
        Assert.Equal(1, signedOut);
    }

    [Fact]
    public async Task The_address_without_the_slash_leads_to_the_first_screen()
    {
        await using var viewer = await fleet.OpenAsync("../nearcache");
        await viewer.IsLiveAsync();
        Assert.EndsWith("/ops/nearcache/", new Uri(viewer.Page.Url).AbsolutePath, StringComparison.Ordinal);
        await viewer.Page.GetByRole(AriaRole.Navigation).GetByText("Rules", new() { Exact = true }).ClickAsync();
        await viewer.IsAtAsync("ops/nearcache/rules?context=test-rules");
    }

    [Fact]
    public async Task A_dialog_is_operated_by_the_keyboard_and_gives_the_focus_back()
    {
        await using var viewer = await fleet.OpenAsync("rules?rule=products");
        var stop = viewer.Button("Stop…");
        await stop.FocusAsync();
        await viewer.Page.Keyboard.PressAsync("Enter");
        await viewer.Field("Reason").WaitForAsync();
        await Expect(viewer.Field("Reason")).ToBeFocusedAsync();
        Assert.Empty(await viewer.BarriersAsync());
        await viewer.Page.Keyboard.PressAsync("Escape");
        await Expect(viewer.Page.Locator("dialog")).ToHaveCountAsync(0);
        await Expect(stop).ToBeFocusedAsync();
    }
}
