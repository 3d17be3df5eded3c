using Microsoft.AspNetCore.Http;
using NearCache.Management.Files;
using NearCache.Management.Security;

namespace NearCache.Management.Api;

/// <summary>The routes of the pages and their files.</summary>
internal static class PageRoutes
{
    /// <summary>Gets the routes.</summary>
    public static IReadOnlyList<ConsoleRoute> All { get; } =
        [.. EmbeddedPages.All.OrderBy(page => page.Key, StringComparer.Ordinal).Select(page => Of(page.Key, page.Value))];

    private static ConsoleRoute Of(string address, EmbeddedPage page) => new(
        HttpMethods.Get,
        address,
        ConsolePermission.View,
        "A page, or a file of the pages.",
        request => WriteAsync(request.Http, address, page))
    {
        MediaType = page.Type,
        IsForAllUsers = address.StartsWith("assets/", StringComparison.Ordinal),
    };

    /// <summary>Answers a user that may see no fleet with the page that says so.</summary>
    public static Task RefuseAsync(HttpContext http, string address)
    {
        if (IsElsewhere(http, address))
        {
            return Task.CompletedTask;
        }

        var page = EmbeddedPages.All[""];
        http.Response.StatusCode = StatusCodes.Status403Forbidden;
        http.Response.ContentType = page.Type;
        return http.Response.Body.WriteAsync(page.Content, http.RequestAborted).AsTask();
    }

    private static async Task WriteAsync(HttpContext http, string address, EmbeddedPage page)
    {
        if (IsElsewhere(http, address))
        {
            return;
        }

        http.Response.Headers.CacheControl = "no-cache";
        http.Response.Headers.ETag = page.Tag;
        if (http.Request.Headers.IfNoneMatch.Contains(page.Tag))
        {
            http.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        http.Response.ContentType = page.Type;
        http.Response.ContentLength = page.Content.Length;
        await http.Response.Body.WriteAsync(page.Content, http.RequestAborted).ConfigureAwait(false);
    }

    private static bool IsElsewhere(HttpContext http, string address)
    {
        if (RelativeOf(http.Request, address) is not { } elsewhere)
        {
            return false;
        }

        // Relative, so that it is right behind any proxy and below any path.
        http.Response.StatusCode = StatusCodes.Status302Found;
        http.Response.Headers.Location = elsewhere + http.Request.QueryString.ToUriComponent();
        return true;
    }

    // Pages are one level below the first, which ends with a slash: relative addresses in them depend on that.
    private static string? RelativeOf(HttpRequest request, string address)
    {
        var path = request.PathBase.Add(request.Path).Value ?? "";
        return path.EndsWith('/') == (address.Length == 0) ? null
            : address.Length == 0 ? "./" + Uri.EscapeDataString(path[(path.LastIndexOf('/') + 1)..]) + "/"
            : "../" + address[(address.LastIndexOf('/') + 1)..];
    }
}
