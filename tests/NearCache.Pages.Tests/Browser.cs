using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;

namespace NearCache.Pages.Tests;

/// <summary>The distribution's chromium, without a window.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const string Program = "/usr/bin/chromium";

    /// <summary>The milliseconds after which something that is awaited counts as missing: only a defect reaches it.</summary>
    public const int Patience = 120_000;

    private static readonly string[] Arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    ];

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    /// <summary>Whether there is one. Without it the tests are skipped, or fail if <c>NEARCACHE_REQUIRE</c> names <c>browser</c>.</summary>
    public static bool IsInstalled => File.Exists(Program);

    public static void Require()
    {
        if (!IsInstalled)
        {
            TestSupport.Servers.Require.Skip("browser", $"{Program} is not installed");
        }
    }

    public static async Task<Browser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Program,
            Args = Arguments,
        });
        return new Browser(playwright, browser);
    }

    /// <summary>Opens a page, as a person would.</summary>
    /// <param name="address">The address.</param>
    /// <param name="user">What the requests say of the user.</param>
    /// <param name="before">Called before the page is loaded, for instance to answer its requests.</param>
    public async Task<Viewer> OpenAsync(Uri address, string user, Func<IPage, Task>? before = null)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            ViewportSize = new ViewportSize { Width = 1280, Height = 900 },
            ExtraHTTPHeaders = new Dictionary<string, string> { [ConsoleHost.UserHeader] = user },
            ReducedMotion = ReducedMotion.Reduce,
        });
        context.SetDefaultTimeout(Patience);
        context.SetDefaultNavigationTimeout(Patience);
        Assertions.SetDefaultExpectTimeout(Patience);
        var viewer = new Viewer(context, await context.NewPageAsync());
        if (before is not null)
        {
            await before(viewer.Page);
        }

        await viewer.Page.GotoAsync(address.AbsoluteUri);
        await viewer.Page.Locator("main h1").First.WaitForAsync();
        return viewer;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
