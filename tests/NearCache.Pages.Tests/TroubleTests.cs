using System.Diagnostics;
using System.Globalization;
using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;
using NearCache.TestSupport.Servers;
using static Microsoft.Playwright.Assertions;

namespace NearCache.Pages.Tests;

/// <summary>What an engineer meets at night: servers that are gone, several fleets, and a computer whose clock is wrong.</summary>
public sealed class TroubleTests(ShownFleet fleet, ITestOutputHelper output)
{
    [Fact]
    public async Task Fleets_are_listed_the_worst_first_and_one_that_cannot_be_reached_is_never_well()
    {
        Browser.Require();
        var gone = new NearCacheOptions { Namespace = "gone" };
        gone.Memcached.Servers.Add($"127.0.0.1:{Ports.Free()}");
        gone.ZooKeeper.ConnectionString = $"127.0.0.1:{Ports.Free()}";
        await using var console = await ConsoleHost.StartAsync(
            new Dictionary<string, NearCacheOptions> { ["a-fleet"] = fleet.Settings, ["lost-fleet"] = gone });
        await using var viewer = await fleet.Browser.OpenAsync(console.Address, "viewer");
        var first = viewer.Page.Locator("tbody tr").First;
        await Expect(first).ToContainTextAsync("lost-fleet");
        await Expect(first).ToContainTextAsync("? Unknown");
        await Expect(first).Not.ToContainTextAsync("Well");
        Assert.Empty(await viewer.BarriersAsync());
        await viewer.FitsAsync();
        await viewer.PictureAsync("contexts");

        // The list of contexts is walked by arrow keys, and leaves the page by its button alone.
        await viewer.Field("Context").FocusAsync();
        await viewer.Page.Keyboard.PressAsync("ArrowDown");
        await viewer.Page.Keyboard.PressAsync("ArrowDown");
        await Expect(viewer.Field("Context")).ToHaveValueAsync("lost-fleet");
        Assert.Equal(console.Address.AbsoluteUri, viewer.Page.Url);
        await viewer.Page.Keyboard.PressAsync("Tab");
        await viewer.Page.Keyboard.PressAsync("Enter");
        await viewer.IsAtAsync("?context=lost-fleet");

        // Nothing of it is zero.
        await Expect(viewer.Page.Locator(".verdict.unknown h1")).ToContainTextAsync("Unknown: no server answers.");
        var figures = await viewer.Page.Locator(".figure .value").AllInnerTextsAsync();
        Assert.NotEmpty(figures);
        Assert.DoesNotContain(figures, figure => figure.Trim() is "0" or "0 /s");
        Assert.Equal(0, await viewer.Page.Locator("main .state.well").CountAsync());
        Assert.Empty(await viewer.BarriersAsync());
        await viewer.FitsAsync();
        await viewer.PictureAsync("unreachable");
    }

    [Fact]
    public async Task The_first_screen_says_what_to_do_about_servers_that_are_gone()
    {
        Browser.Require();
        // Other tests suspend a rule of the fleet: the cause here is that of a namespace of its own.
        var half = new NearCacheOptions { Namespace = Pictures.AreTaken ? "rules" : "half" };
        var dead = $"127.0.0.1:{Ports.Free()}";
        half.Memcached.Servers.Add(fleet.Memcached[0].Address);
        half.Memcached.Servers.Add(dead);
        half.ZooKeeper.ConnectionString = $"127.0.0.1:{Ports.Free()}";
        await using var console = await ConsoleHost.StartAsync(new Dictionary<string, NearCacheOptions> { ["half"] = half });
        await using var viewer = await fleet.Browser.OpenAsync(console.Address, "operator");
        await viewer.IsLiveAsync();
        var verdict = viewer.Page.Locator("section.verdict");
        await Expect(verdict).ToContainTextAsync($"{dead} does not answer");
        await Expect(verdict).ToContainTextAsync("ZooKeeper does not answer. Near caching goes on");
        await Expect(verdict.Locator(".advice")).ToContainTextAsync("What to do: Start the server.");
        await viewer.FitsAsync();
        await viewer.PictureAsync("servers-gone");

        // The sentence leads to what explains it.
        await verdict.GetByRole(AriaRole.Heading).GetByRole(AriaRole.Link).ClickAsync();
        await viewer.IsAtAsync("memcached?context=half");
        await Expect(viewer.Page.GetByRole(AriaRole.Heading, new PageGetByRoleOptions { Level = 1 })).ToContainTextAsync("down");
    }

    [Fact]
    public async Task Every_page_is_shown_while_a_memcached_server_hangs_and_says_what_is_not_known()
    {
        Browser.Require();
        await using var hanging = await MemcachedProcess.StartNewAsync();
        var settings = new NearCacheOptions { Namespace = "hanging" };
        settings.Memcached.Servers.Add(fleet.Memcached[0].Address);
        settings.Memcached.Servers.Add(hanging.Address);
        await using var console = await ConsoleHost.StartAsync(new Dictionary<string, NearCacheOptions> { ["hanging"] = settings });
        await using var viewer = await fleet.Browser.OpenAsync(console.Address, "operator");

        // The browser logs that the history of the rules is not known.
        viewer.ExpectsErrors = true;
        await viewer.IsLiveAsync();
        var key = await KeyOnAsync(settings, hanging.Address);

        // The page is on its way when the server stops: its connections stay open, and nothing answers.
        var loading = viewer.Page.GotoAsync(new Uri(console.Address, "memcached").AbsoluteUri);
        hanging.Pause();
        await loading;
        foreach (var page in (string[])
            ["memcached", $"memcached?server={hanging.Address}", "processes", "rules", "stop", "hot", "changes", $"key#{key}", ""])
        {
            var clock = Stopwatch.StartNew();
            await viewer.Page.GotoAsync(new Uri(console.Address, page).AbsoluteUri);
            await viewer.Page.Locator("main h1").First.WaitForAsync();
            await viewer.IsLiveAsync();
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"[FIGURE] console: page \"{page.Split('?', '#')[0]}\" while a memcached server hangs: {clock.ElapsedMilliseconds} ms"));
            Assert.Equal(0, await viewer.Page.GetByText("This page cannot be shown").CountAsync());
        }

        var verdict = viewer.Page.Locator("section.verdict");
        await Expect(verdict).ToContainTextAsync($"{hanging.Address} does not answer");
        await Expect(verdict.Locator(".advice")).ToContainTextAsync("What to do: Start the server.");
        hanging.Resume();
        await Expect(verdict).Not.ToContainTextAsync("does not answer");
    }

    [Theory]
    [InlineData(-3)]
    [InlineData(5)]
    public async Task Times_are_those_of_the_console_on_a_computer_whose_clock_is_wrong(int hours)
    {
        await using var viewer = await fleet.OpenAsync("", before: page => page.Clock.InstallAsync(
            new ClockInstallOptions { TimeDate = TimeProvider.System.GetUtcNow().AddHours(hours).UtcDateTime }));
        await viewer.IsLiveAsync();
        await Expect(viewer.Page.GetByRole(AriaRole.Complementary, new PageGetByRoleOptions { Name = "Notice" }))
            .ToContainTextAsync(hours < 0 ? "behind that of the console" : "ahead of that of the console");
        Assert.DoesNotMatch(@"\bin \d|\b[2-9] h ago", await viewer.TextAsync(".verdict"));
    }

    [Fact]
    public async Task A_click_is_not_lost_when_news_are_drawn_between_its_press_and_its_release()
    {
        await using var viewer = await fleet.OpenAsync("", before: page => page.Clock.InstallAsync());
        await viewer.IsLiveAsync();
        var page = viewer.Page;
        await page.Clock.PauseAtAsync(TimeProvider.System.GetUtcNow().AddMinutes(1).UtcDateTime);
        await page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = "All changes" }).HoverAsync();
        await page.Mouse.DownAsync();

        // The second news of a stream are those that the page's own stream has got, too.
        await page.EvaluateAsync("""
            () => new Promise(resolve => {
                const stream = new EventSource('api/contexts/test-rules/live');
                let heard = 0;
                stream.addEventListener('overview', () => ++heard === 3 && resolve(stream.close()));
            })
            """);
        await page.Mouse.UpAsync();
        await viewer.IsAtAsync("changes?context=test-rules");
    }

    private static async Task<string> KeyOnAsync(NearCacheOptions settings, string server)
    {
        await using var client = await FleetClient.ConnectAsync(settings);
        for (var number = 0; ; number++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"key:{number}");
            if ((await client.WhyAsync(key)).Server?.Name == server)
            {
                return key;
            }
        }
    }
}
