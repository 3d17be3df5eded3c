using Microsoft.Playwright;
using NearCache.Pages.Tests.Servers;

namespace NearCache.Pages.Tests;

/// <summary>The pictures of the documentation, which the tests take of their fleet if <c>NEARCACHE_PICTURES</c> is set.</summary>
internal static class Pictures
{
    private const int Wide = 1280;
    private const int Narrow = 360;

    // Enough of a history for charts that show something.
    private const int Points = 24;

    private static readonly string? Folder = Environment.GetEnvironmentVariable("NEARCACHE_PICTURES");

    /// <summary>Whether pictures are taken.</summary>
    public static bool AreTaken => Folder is { Length: > 0 };

    /// <summary>Waits until there is something to picture.</summary>
    public static async Task ReadyAsync(Uri console)
    {
        if (AreTaken)
        {
            using var client = new HttpClient();
            client.DefaultRequestHeaders.Add(ConsoleHost.UserHeader, "viewer");
            using var news = new StreamReader(await client.GetStreamAsync(new Uri(console, "api/contexts/test-rules/live")));
            for (var points = 0; points < Points && await news.ReadLineAsync() is { } line;)
            {
                points += line == "event: point" ? 1 : 0;
            }
        }
    }

    /// <summary>Takes a picture in each light and width.</summary>
    public static async Task TakeAsync(Viewer viewer, string name, bool whole)
    {
        if (!AreTaken)
        {
            return;
        }

        foreach (var (width, widthName) in ((int, string)[])[(Wide, "wide"), (Narrow, "narrow")])
        {
            foreach (var isDark in (bool[])[false, true])
            {
                await viewer.LookAsync(width, isDark);
                await viewer.Page.ScreenshotAsync(new PageScreenshotOptions
                {
                    Path = Path.Combine(Folder!, $"{name}-{widthName}-{(isDark ? "dark" : "light")}.png"),
                    FullPage = whole,
                });
            }
        }

        await viewer.LookAsync(Wide, isDark: false);
    }
}
