using System.Text.Json.Nodes;
using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;
using static Microsoft.Playwright.Assertions;

namespace NearCache.Pages.Tests;

/// <summary>The carriers of announcements: that of the fleet as it is, and one that delivers nothing.</summary>
public sealed class CarrierTests(ShownFleet fleet)
{
    private const string Hostile = "<img src=x onerror=alert('broker')>";

    // The greatest number of a report.
    private const long Most = 1_000_000_000_000_000;

    // As long as the report of a process permits.
    private static readonly string Problem = string.Join(' ', Enumerable.Repeat("ConnectionRefused", 12)) + new string('x', 80);

    [Fact]
    public async Task A_process_shows_its_carrier_and_what_it_carries()
    {
        var id = await fleet.IdOfAsync(1);
        await using var viewer = await fleet.OpenAsync("processes?process=" + id);
        var table = viewer.Page.GetByRole(AriaRole.Table, new PageGetByRoleOptions { Name = "Carriers of announcements" });
        var row = table.Locator("tbody tr");
        await Expect(row).ToHaveCountAsync(1);
        await Expect(row).ToContainTextAsync("ZooKeeper");
        await Expect(row).ToContainTextAsync("✓ yes");
    }

    [Fact]
    public async Task A_carrier_that_delivers_nothing_is_marked_in_the_list_and_explained_on_the_page_of_the_process()
    {
        var id = await fleet.IdOfAsync(1);
        await using var viewer = await fleet.OpenAsync("processes", before: async page =>
        {
            await page.RouteAsync("**/api/**/processes?*", route => ChangeAsync(route, answer =>
            {
                foreach (var process in answer["processes"]!.AsArray())
                {
                    Lose(process!);
                }
            }));
            await page.RouteAsync("**/api/**/processes/*", route => ChangeAsync(route, answer =>
            {
                Lose(answer["process"]!);
                answer["detail"]!["value"]!["carriers"]!.AsArray().Add(new JsonObject
                {
                    ["name"] = "RabbitMQ",
                    ["isDelivering"] = false,
                    ["problem"] = Problem,
                    ["sent"] = Most,
                    ["failed"] = Most,
                    ["received"] = Most,
                    ["messagesPerSecond"] = 1000.125,
                    ["waiting"] = int.MaxValue,
                    ["members"] = int.MaxValue,
                });
            }));
        });
        var listed = viewer.Page.Locator("tbody tr").First;
        await Expect(listed).ToContainTextAsync("! RabbitMQ does not deliver");
        await Expect(listed).ToContainTextAsync($"! {Hostile} does not deliver");
        await viewer.FitsAsync();
        Assert.Empty(await viewer.BarriersAsync());
        await viewer.PictureAsync("processes-carrier");

        await viewer.Page.GotoAsync(new Uri(fleet.Console.Address, "processes?process=" + id).AbsoluteUri);
        var row = viewer.Page.GetByRole(AriaRole.Row, new PageGetByRoleOptions { Name = "RabbitMQ" });
        await Expect(row).ToContainTextAsync("! no");
        await Expect(row).ToContainTextAsync(Problem);
        await Expect(viewer.Page.Locator(".verdict.attention")).ToContainTextAsync("RabbitMQ does not deliver");
        await viewer.FitsAsync();
        Assert.Empty(await viewer.BarriersAsync());
        await viewer.PictureAsync("processes-process-carrier");
    }

    private static void Lose(JsonNode process)
    {
        (process["status"], process["state"]) = ("live", "running");
        process["carriers"] = new JsonObject { ["ZooKeeper"] = true, ["RabbitMQ"] = false, [Hostile] = false };
    }

    private static async Task ChangeAsync(IRoute route, Action<JsonNode> change)
    {
        var answer = JsonNode.Parse(await (await route.FetchAsync()).TextAsync())!;
        change(answer);
        await route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = answer.ToJsonString() });
    }
}
