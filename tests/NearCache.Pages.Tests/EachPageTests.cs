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
