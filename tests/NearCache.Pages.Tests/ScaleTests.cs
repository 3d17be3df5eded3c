using System.Globalization;
using System.Text.Json.Nodes;
using System.Web;
using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;
using static Microsoft.Playwright.Assertions;

namespace NearCache.Pages.Tests;

/// <summary>Hundreds of rules and processes with very long names, in windows of every width.</summary>
/// <remarks>What the console answers for the real fleet is multiplied on its way to the browser.</remarks>
public sealed class ScaleTests(ShownFleet fleet)
{
    // A label of DNS has 63 characters, the name of a pod 253.
    private static readonly string LongName = string.Join('.', Enumerable.Repeat(new string('w', 62), 4));

    [Fact]
    public async Task A_thousand_processes_with_long_names_are_shown_page_by_page()
    {
        JsonObject? first = null;
        await using var viewer = await fleet.OpenAsync("processes", before: page => page.RouteAsync("**/api/**/processes?*", async route =>
        {
            first ??= JsonNode.Parse(await (await route.FetchAsync()).TextAsync())!.AsObject();
            var answer = first.DeepClone();
            var offset = int.Parse(HttpUtility.ParseQueryString(new Uri(route.Request.Url).Query)["offset"]!, CultureInfo.InvariantCulture);
            (answer["total"], answer["offset"]) = (1000, offset);
            answer["processes"] = Copies(answer["processes"]![0]!, 50, (process, number) =>
            {
                process["pod"] = string.Create(CultureInfo.InvariantCulture, $"pod-{offset + number}");
                process["host"] = LongName;
                process["version"] = LongName;
                process["differs"] = new JsonArray("servers", "placement", "prefix");
                (process["starts"], process["stops"], process["rulesRevision"]) = (123_456, 100, int.MaxValue);
                (process["uptimeSeconds"], process["confirmedSeconds"]) = (12_345_678, 86_399);
                (process["isStarved"], process["threadPoolDelaySeconds"], process["remoteP99Milliseconds"]) = (true, 86_399.5, 1_234_567);
            });
            await FulfillAsync(route, answer);
        }));
        await viewer.ShowsAsync("1 to 50 of 1,000");
        Assert.Equal(50, await viewer.Page.Locator("tbody tr").CountAsync());
        await viewer.Button("Next ›").ClickAsync();
        await viewer.ShowsAsync("51 to 100 of 1,000");
        await viewer.ShowsAsync("pod-99");
        await viewer.FitsAsync();
    }

    [Fact]
    public async Task Hundreds_of_rules_are_found_by_a_part_of_their_names()
    {
        await using var viewer = await fleet.OpenAsync("rules", before: page => page.RouteAsync("**/api/**/rules", async route =>
        {
            var answer = JsonNode.Parse(await (await route.FetchAsync()).TextAsync())!.AsObject();
            answer["rules"]!["value"] = Copies(answer["rules"]!["value"]![0]!, 300, (rule, number) =>
            {
                rule["settings"]!["name"] = string.Create(CultureInfo.InvariantCulture, $"rule-{number}");
                rule["settings"]!["match"] = string.Create(CultureInfo.InvariantCulture, $"{LongName}{number}:*");
                rule["settings"]!["maxEntries"] = int.MaxValue;
                rule["settings"]!["maxBytes"] = long.MaxValue;
            });
            await FulfillAsync(route, answer);
        }));
        await viewer.ShowsAsync("1 to 50 of 300");
        await viewer.FitsAsync();
        await viewer.Field("Find in Rules").FillAsync("rule-299");
        await Expect(viewer.Page.GetByRole(AriaRole.Table, new PageGetByRoleOptions { Name = "Rules", Exact = true }).Locator("tbody tr"))
            .ToHaveCountAsync(1);
        await viewer.Field("Find in Rules").FillAsync("no such rule");
        await viewer.ShowsAsync("None matches.");
        Assert.Empty(await viewer.BarriersAsync());
    }

    [Fact]
    public async Task The_first_screen_fits_whatever_names_its_causes_and_servers_have()
    {
        await using var viewer = await fleet.OpenAsync("", before: async page =>
        {
            await page.RouteAsync("**/live", route => route.AbortAsync());
            await page.RouteAsync("**/api/contexts/test-rules", async route =>
            {
                var answer = JsonNode.Parse(await (await route.FetchAsync()).TextAsync())!.AsObject();
                answer["servers"] = Copies(answer["servers"]![0]!, 40, (server, number) =>
                {
                    server["name"] = string.Create(CultureInfo.InvariantCulture, $"{LongName}:{number}");
                    server["unaccounted"]!["value"] = 1_234_567;
                });
                answer["verdict"]!["level"] = "bad";
                answer["verdict"]!["sentence"] = $"Rule “{LongName}” is suspended. And 49 more.";
                answer["verdict"]!["causes"] = new JsonArray([.. Enumerable.Range(0, 50).Select(number => new JsonObject
                {
                    ["kind"] = "ruleSuspended",
                    ["level"] = "bad",
                    ["text"] = $"Rule “{LongName}” is suspended.",
                    ["subject"] = LongName,
                    ["page"] = "rules",
                    ["query"] = "rule=" + LongName,
                })]);
                await FulfillAsync(route, answer);
            });
        });
        viewer.ExpectsErrors = true;
        await viewer.ShowsAsync("And 49 more.");
        await viewer.FitsAsync();
        Assert.Empty(await viewer.BarriersAsync());
    }

    private static JsonArray Copies(JsonNode one, int count, Action<JsonNode, int> change) =>
        new([.. Enumerable.Range(0, count).Select(number =>
        {
            var copy = one.DeepClone();
            change(copy, number);
            return copy;
        })]);

    private static Task FulfillAsync(IRoute route, JsonNode answer) =>
        route.FulfillAsync(new RouteFulfillOptions { ContentType = "application/json", Body = answer.ToJsonString() });
}
