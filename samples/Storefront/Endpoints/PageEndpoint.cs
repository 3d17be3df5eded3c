namespace Storefront.Endpoints;

/// <summary>The page that shows it all: one file, embedded, nothing from elsewhere.</summary>
internal static class PageEndpoint
{
    public static void MapPage(this IEndpointRouteBuilder app) => app.MapGet("/", () =>
        Results.Stream(typeof(PageEndpoint).Assembly.GetManifestResourceStream("index.html")!, "text/html; charset=utf-8"));
}
