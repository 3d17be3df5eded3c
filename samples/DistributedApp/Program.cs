using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Caching.Distributed;

// The settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// The one line. With Microsoft's in-memory cache it is builder.Services.AddDistributedMemoryCache(), and nothing else in this application differs.
// On memcached its keys stand behind the namespace, unless KeyPrefix says otherwise: empty, it is for moving in beside other clients of the same keys.
builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache")).AddDistributedCache();
builder.Services.AddSession(options => options.IdleTimeout = TimeSpan.FromMinutes(20));

// Processes that share sessions share the keys that protect the cookie too.
if (builder.Configuration["Keys"] is { } folder)
{
    builder.Services.AddDataProtection().SetApplicationName("DistributedApp").PersistKeysToFileSystem(new DirectoryInfo(folder));
}

var app = builder.Build();
app.UseSession();
app.MapGet("/", () => "POST /basket/coat, GET /basket; PUT /notices?text=…, GET /notices");
app.MapGet("/basket", async (HttpContext context) =>
{
    await context.Session.LoadAsync(context.RequestAborted);
    return context.Session.GetString("basket") ?? "empty";
});
app.MapPost("/basket/{article}", async (string article, HttpContext context) =>
{
    await context.Session.LoadAsync(context.RequestAborted);
    var basket = context.Session.GetString("basket") is { } before ? $"{before}, {article}" : article;
    context.Session.SetString("basket", basket);
    return basket;
});
app.MapGet("/notices", async (IDistributedCache cache, CancellationToken cancellationToken) => await cache.GetStringAsync("notice", cancellationToken) ?? "none");
app.MapPut("/notices", async (string text, IDistributedCache cache, CancellationToken cancellationToken) => await cache.SetStringAsync("notice", text, cancellationToken));
app.Run();
