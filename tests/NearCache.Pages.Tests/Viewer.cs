using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;

namespace NearCache.Pages.Tests;

/// <summary>An open page. When it is closed, its errors fail the test.</summary>
internal sealed class Viewer : IAsyncDisposable
{
    private static readonly int[] Widths = [360, 768, 1200, 1201, 1920, 1280];

    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _errors = new();

    public Viewer(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
            {
                _errors.Enqueue($"{message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _errors.Enqueue(error);
        page.Dialog += (_, dialog) =>
        {
            _errors.Enqueue($"a dialog of a script: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
    }

    public IPage Page { get; }

    /// <summary>Whether the test itself causes errors, such as those of a console that is gone.</summary>
    public bool ExpectsErrors { get; set; }

    /// <summary>The text that a person reads on the page.</summary>
    public Task<string> TextAsync(string selector = "main") => Page.Locator(selector).First.InnerTextAsync();

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new PageGetByRoleOptions { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new PageGetByRoleOptions { Name = name });

    public ILocator Field(string label) => Page.GetByLabel(label, new PageGetByLabelOptions { Exact = true });

    /// <summary>Ends the session: from now on, requests name no user.</summary>
    public Task SignOutAsync() => _context.SetExtraHTTPHeadersAsync(new Dictionary<string, string>());

    /// <summary>Begins a session, as another tab would.</summary>
    public Task SignInAsync(string user) =>
        _context.SetExtraHTTPHeadersAsync(new Dictionary<string, string> { [ConsoleHost.UserHeader] = user });

    /// <summary>Waits until the page shows a text.</summary>
    public Task ShowsAsync(string text) => Page.GetByText(text).First.WaitForAsync();

    /// <summary>Waits until the page is at an address.</summary>
    /// <param name="place">A part of the address, from a slash on.</param>
    /// <remarks>It asks again and again: an event of Playwright is missed if the page was there before the wait began.</remarks>
    public Task IsAtAsync(string place) => Assertions.Expect(Page).ToHaveURLAsync(new Regex("/" + Regex.Escape(place)));

    /// <summary>Waits until the page follows the fleet.</summary>
    public Task IsLiveAsync() => ShowsAsync("live, ");

    /// <summary>Looks at the page in a window of another width, and in another light.</summary>
    public async Task LookAsync(int width, bool isDark)
    {
        await Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light });
        await Page.SetViewportSizeAsync(width, 900);
    }

    /// <summary>Takes pictures in each light and width, if <c>NEARCACHE_PICTURES</c> names a folder for them.</summary>
    /// <param name="name">The beginning of the names of their files.</param>
    /// <param name="whole">Whether they show what is below the window, too.</param>
    public Task PictureAsync(string name, bool whole = true) => Pictures.TakeAsync(this, name, whole);

    /// <summary>The pixels by which the page is wider than the window, or the content of a dialog than the dialog.</summary>
    public Task<int> OverflowAsync() => Page.EvaluateAsync<int>("""
        () => Math.max(
            document.scrollingElement.scrollWidth - document.documentElement.clientWidth,
            ...[...document.querySelectorAll('dialog')].map(dialog => dialog.scrollWidth - dialog.clientWidth))
        """);

    /// <summary>Asserts that the page is as wide as its window, in windows of many widths.</summary>
    public async Task FitsAsync()
    {
        foreach (var width in Widths)
        {
            await LookAsync(width, isDark: false);
            Assert.Equal((width, 0), (width, await OverflowAsync()));
        }
    }

    /// <summary>What breaks the rules of accessible pages (WCAG 2.2 AA), contrast among them.</summary>
    public async Task<IReadOnlyList<string>> BarriersAsync()
    {
        var found = await Page.RunAxe(new Deque.AxeCore.Commons.AxeRunOptions
        {
            ResultTypes = [Deque.AxeCore.Commons.ResultType.Violations],
            RunOnly = new Deque.AxeCore.Commons.RunOnlyOptions
            {
                Type = "tag",
                Values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
            },
        });
        return [.. found.Violations.Select(violation =>
            $"{violation.Id}: {violation.Help}: {string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))}")];
    }

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        if (!ExpectsErrors)
        {
            Assert.True(_errors.IsEmpty, string.Join(Environment.NewLine, _errors));
        }
    }
}
