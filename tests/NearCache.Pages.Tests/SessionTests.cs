using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;
using static Microsoft.Playwright.Assertions;

namespace NearCache.Pages.Tests;

/// <summary>What is typed is not lost, and nothing is overwritten unseen: sessions that end, and two operators at once.</summary>
[Collection(Edits.Name)]
public sealed class SessionTests(ShownFleet fleet)
{
    private static readonly EditReason Bob = new() { Who = "bob", Why = "a shorter time" };

    [Fact]
    public async Task A_session_that_ends_in_the_middle_of_an_edit_keeps_what_is_typed()
    {
        await using var viewer = await fleet.OpenAsync("rules?rule=site");
        viewer.ExpectsErrors = true;
        await viewer.Button("Edit…").ClickAsync();
        await viewer.Field("Near lifetime, in seconds").FillAsync("7");
        await viewer.Button("Show what it would change").ClickAsync();
        await viewer.Field("Reason").FillAsync("a reason that is long to type");
        await viewer.SignOutAsync();
        await viewer.Button("Change the rule").ClickAsync();
        await Expect(viewer.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Sign in again, in another tab");
        await Expect(viewer.Field("Reason")).ToHaveValueAsync("a reason that is long to type");
        Assert.Empty(await viewer.BarriersAsync());

        await viewer.SignInAsync("operator");
        await viewer.Button("Change the rule").ClickAsync();
        await Expect(viewer.Page.Locator("dialog")).ToHaveCountAsync(0);
        await viewer.ShowsAsync("a reason that is long to type");
    }

    [Fact]
    public async Task A_form_of_an_older_revision_warns_and_its_edit_is_refused_until_it_is_seen_anew()
    {
        await using var viewer = await fleet.OpenAsync("rules?rule=site");
        viewer.ExpectsErrors = true;
        await viewer.Button("Edit…").ClickAsync();
        await viewer.Field("Max staleness, in seconds").FillAsync("4");
        await EditAsync(11);
        await viewer.Button("Show what it would change").ClickAsync();
        await viewer.ShowsAsync("The rules were edited since this form was opened");
        await viewer.Field("Reason").FillAsync("mine");

        // Once more, between what is shown and what is sent.
        await EditAsync(12);
        await viewer.Button("Change the rule").ClickAsync();
        await viewer.Page.GetByRole(AriaRole.Alert).WaitForAsync();
        Assert.Equal(12, await LifetimeAsync());
        await viewer.Button("Show what it would change now").ClickAsync();
        await Expect(viewer.Field("Reason")).ToHaveValueAsync("mine");
        await Expect(viewer.Page.Locator("dialog .difference")).ToContainTextAsync("12");
        await viewer.Button("Cancel").ClickAsync();
        Assert.Equal(12, await LifetimeAsync());
    }

    [Fact]
    public async Task A_console_that_asks_for_a_sign_in_says_so_and_goes_on_after_it()
    {
        Browser.Require();
        var own = new Dictionary<string, NearCacheOptions> { ["test-rules"] = fleet.Settings };
        var console = await ConsoleHost.StartAsync(own);
        await using var viewer = await fleet.Browser.OpenAsync(console.Address, "viewer");
        viewer.ExpectsErrors = true;
        await viewer.IsLiveAsync();
        await viewer.SignOutAsync();
        await console.DisposeAsync();
        await using var again = await ConsoleHost.StartAsync(own, console.Port);
        await viewer.ShowsAsync("your session has ended");
        await Expect(viewer.Link("Sign in again, in another tab")).ToBeVisibleAsync();
        await viewer.SignInAsync("viewer");
        await viewer.IsLiveAsync();
        await Expect(viewer.Link("Sign in again, in another tab")).ToBeHiddenAsync();
    }

    private Task<RegistrySnapshot> EditAsync(int seconds) => fleet.Client.Rules.ChangeAsync(
        "site", rule => rule.NearLifetime = TimeSpan.FromSeconds(seconds), Bob);

    private async Task<double?> LifetimeAsync() =>
        (await fleet.Client.GetRulesAsync()).Current.Value!.Rules.Single(rule => rule.Settings.Name == "site").Settings.NearLifetime
            ?.TotalSeconds;
}
