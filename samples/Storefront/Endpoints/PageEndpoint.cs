namespace Storefront.Endpoints;

/// <summary>Serves the page: one embedded file without external resources.</summary>
internal static class PageEndpoint
{
    public static void MapPage(this IEndpointRouteBuilder app) => app.MapGet("/", () =>
        Results.Stream(typeof(PageEndpoint).Assembly.GetManifestResourceStream("index.html")!, "text/html; charset=utf-8"));
}
