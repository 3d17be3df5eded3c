using NearCache.Pages.Tests.Servers;

namespace NearCache.Pages.Tests;

/// <summary>Names, keys, authors and reports are text of strangers: they are shown, and never become a part of the page.</summary>
[Collection(Edits.Name)]
public sealed class HostileTextTests(ShownFleet fleet)
{
    // What no page has, unless a text became a part of it.
    private const string Foreign = "main img, main script, main iframe, [onerror], a[href^='javascript:']";

    private const string Hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>";

    // Turns the direction of text; is as wide as nothing; is a letter without ink; looks like a space.
    private const string Unseen = "\u202E\u2066\u200B\u2060\u3164\u115F\u2800\u034F\u2003\uFEFF";

    [Fact]
    public async Task Hostile_authors_reasons_patterns_and_pods_are_shown_as_text()
    {
        await fleet.Client.Rules.AddAsync(
            new RuleOptions { Name = "hostile", Match = "\"><img/src=x/onerror=alert(3)>:*", Enabled = false },
            new EditReason { Who = Hostile + Unseen + "gnp.exe", Why = "javascript:alert(4)\r\nSet-Cookie: x" });
        try
        {
            string[] pages = ["", "changes", "rules", "rules?rule=hostile"];
            foreach (var page in Pictures.AreTaken ? pages : [.. pages, "processes"])
            {
                await using var viewer = await fleet.OpenAsync(page);
                await viewer.IsLiveAsync();
                await viewer.ShowsAsync("<img src=x onerror=alert(");
                Assert.Equal(0, await viewer.Page.Locator(Foreign).CountAsync());

                // The characters that turn or hide text are visible, and without effect.
                Assert.DoesNotMatch($"[{Unseen}]", await viewer.TextAsync("body"));
            }
        }
        finally
        {
            await fleet.Client.Rules.RemoveAsync("hostile", new EditReason { Who = "a test", Why = "it is over" });
        }
    }

    [Fact]
    public async Task A_hostile_key_is_shown_as_text()
    {
        await using var viewer = await fleet.OpenAsync("key#" + Uri.EscapeDataString("product:" + Hostile));
        await viewer.ShowsAsync("product:" + Hostile);
        await viewer.Button("Why is it near, or not?").ClickAsync();
        Assert.Equal(0, await viewer.Page.Locator(Foreign).CountAsync());
    }
}
