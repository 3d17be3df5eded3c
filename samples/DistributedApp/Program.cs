using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Caching.Distributed;

// appsettings.json is in the folder of the program, whatever the working directory.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// The only line that depends on NearCache. Microsoft's in-memory cache would be builder.Services.AddDistributedMemoryCache().
// On memcached the namespace prefixes all keys. Set KeyPrefix to "" only to share keys with other memcached clients.
builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache")).AddDistributedCache();
builder.Services.AddSession(options => options.IdleTimeout = TimeSpan.FromMinutes(20));

// Processes that share sessions also share the keys that protect the session cookie.
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
app.MapGet("/notices", async (IDistributedCache cache, CancellationToken cancellationToken) =>
    await cache.GetStringAsync("notice", cancellationToken) ?? "none");
app.MapPut("/notices", async (string text, IDistributedCache cache, CancellationToken cancellationToken) =>
    await cache.SetStringAsync("notice", text, cancellationToken));
app.Run();
