using System.Text.RegularExpressions;
using NearCache.Pages.Tests.Servers;
using static Microsoft.Playwright.Assertions;

namespace NearCache.Pages.Tests;

/// <summary>What a page shows is in its address: it survives a reload, and the browser's way back.</summary>
public sealed class AddressTests(ShownFleet fleet)
{
    [Fact]
    public async Task The_chosen_processes_and_their_order_survive_a_reload()
    {
        await using var viewer = await fleet.OpenAsync("processes");
        await viewer.Field("State").SelectOptionAsync("live");
        await viewer.Field("Host, pod, node or id").FillAsync("web-2");
        await Expect(viewer.Page).ToHaveURLAsync(new Regex("text=web-2"));
        await viewer.Field("Sorted by").SelectOptionAsync("delay");
        await Expect(viewer.Page).ToHaveURLAsync(new Regex("sort=delay"));
        await Expect(viewer.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await viewer.Page.ReloadAsync();
        await Expect(viewer.Page.Locator("tbody tr")).ToHaveCountAsync(1);
        await Expect(viewer.Field("State")).ToHaveValueAsync("live");
        await Expect(viewer.Field("Host, pod, node or id")).ToHaveValueAsync("web-2");
        await Expect(viewer.Field("Sorted by")).ToHaveValueAsync("delay");
    }

    [Fact]
    public async Task The_way_back_from_a_key_leads_to_the_key_before()
    {
        await using var viewer = await fleet.OpenAsync("key");
        foreach (var key in (string[])["product:1", "product:2"])
        {
            await viewer.Field("The key, as the application names it").FillAsync(key);
            await viewer.Button("Why is it near, or not?").ClickAsync();
            await Expect(viewer.Page.Locator("h2 code").First).ToHaveTextAsync(key);
        }

        await viewer.Page.GoBackAsync();
        await Expect(viewer.Page.Locator("h2 code").First).ToHaveTextAsync("product:1");
        await Expect(viewer.Field("The key, as the application names it")).ToHaveValueAsync("product:1");
        await viewer.Page.ReloadAsync();
        await Expect(viewer.Page.Locator("h2 code").First).ToHaveTextAsync("product:1");
        await viewer.Page.GoForwardAsync();
        await Expect(viewer.Page.Locator("h2 code").First).ToHaveTextAsync("product:2");
    }

    [Fact]
    public async Task A_page_that_cannot_be_read_again_says_since_when()
    {
        await using var viewer = await fleet.OpenAsync("memcached");
        viewer.ExpectsErrors = true;
        await viewer.IsLiveAsync();
        await viewer.Page.RouteAsync("**/api/contexts/test-rules/memcached", route => route.AbortAsync());
        await viewer.ShowsAsync("This page cannot be read again. What follows was true at");
        await viewer.Page.UnrouteAllAsync();
        await Expect(viewer.Page.GetByText("This page cannot be read again.")).ToHaveCountAsync(0);
    }
}
