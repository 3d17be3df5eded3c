using HybridApp;

// appsettings.json is in the folder of the program, whatever the working directory.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

if (builder.Configuration.GetConnectionString("Redis") is { Length: > 0 } redis)
{
    // Redis takes the place of memcached. Rules then need a ZooKeeper.
    builder.Services.AddStackExchangeRedisCache(options => options.Configuration = redis);
    builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache")).UseDistributedCache().AddHybridCache();
}
else
{
    // The only line that depends on NearCache. Microsoft's own cache would be builder.Services.AddHybridCache().
    // On memcached the namespace prefixes all keys. Set KeyPrefix to "" only to share keys with other memcached clients.
    builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache")).AddHybridCache();
}

builder.Services.AddSingleton<ArticleSource>();
builder.Services.AddSingleton<Articles>();

var app = builder.Build();
app.MapGet("/", () =>
    "GET /articles/1, PUT /articles/1?text=…, DELETE /shelves/1; every article lies on the shelf of its number modulo 10.");
app.MapGet("/articles/{id:int}", (int id, Articles articles, CancellationToken cancellationToken) =>
    articles.GetAsync(id, cancellationToken));
app.MapPut("/articles/{id:int}", (int id, string text, Articles articles, CancellationToken cancellationToken) =>
    articles.SetAsync(id, text, cancellationToken));
app.MapDelete("/shelves/{shelf:int}", (int shelf, Articles articles, CancellationToken cancellationToken) =>
    articles.ForgetShelfAsync(shelf, cancellationToken));
app.Run();
