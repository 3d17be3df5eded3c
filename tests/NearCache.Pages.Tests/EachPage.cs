using NearCache.Pages.Tests.Servers;

namespace NearCache.Pages.Tests;

/// <summary>What holds for the look of every page. Classes run beside one another, so the pages are those of two classes.</summary>
public abstract class EachPage(ShownFleet fleet)
{
    private const int Wide = 1280;
    private const int Narrow = 360;

    private protected async Task HasNoErrorAndNoBarrierAsync(string page)
    {
        Browser.Require();
        var address = page.EndsWith('=') ? page + await fleet.IdOfAsync(1) : page;
        await using var viewer = await fleet.OpenAsync(address);
        await viewer.IsLiveAsync();
        foreach (var (width, isDark) in ((int, bool)[])[(Wide, false), (Narrow, true)])
        {
            await viewer.LookAsync(width, isDark);
            Assert.Empty(await viewer.BarriersAsync());
            Assert.Equal(0, await viewer.OverflowAsync());
        }

        await viewer.PictureAsync(NameOf(page));
    }

    private static string NameOf(string page) => page.Length == 0 ? "overview" : page.TrimEnd('=').Split('?', '#') switch
    {
        [var name] => name,
        [var name, var rest] => name + "-" + rest.Split('=', ':')[0],
        _ => page,
    };
}

/// <summary>The pages of the fleet as a whole and of its rules.</summary>
public sealed class FleetPagesTests(ShownFleet fleet) : EachPage(fleet)
{
    [Theory]
    [InlineData("")]
    [InlineData("changes")]
    [InlineData("rules")]
    [InlineData("rules?rule=products")]
    [InlineData("stop")]
    public Task A_page_has_no_error_and_no_barrier_in_any_light_at_any_width(string page) => HasNoErrorAndNoBarrierAsync(page);
}

/// <summary>The pages of processes, servers and keys.</summary>
public sealed class ServerPagesTests(ShownFleet fleet) : EachPage(fleet)
{
    [Theory]
    [InlineData("processes")]
    [InlineData("processes?process=")]
    [InlineData("memcached")]
    [InlineData("zookeeper")]
    [InlineData("key#product:1")]
    [InlineData("hot")]
    public Task A_page_has_no_error_and_no_barrier_in_any_light_at_any_width(string page) => HasNoErrorAndNoBarrierAsync(page);
}
