using NearCache;
using OpenTelemetry.Metrics;
using Storefront.Endpoints;
using Storefront.Source;

// appsettings.json is in the folder of the program, whatever the working directory.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// On memcached the namespace prefixes all keys. Set KeyPrefix to "" only to share keys with other memcached clients.
var cache = builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache"));
if (builder.Configuration.GetSection("RabbitMq") is var rabbitMq && rabbitMq.Exists())
{
    cache.UseRabbitMq(rabbitMq);
}

builder.Services.AddOptions<StorefrontOptions>().Bind(builder.Configuration.GetSection("Storefront"));
builder.Services.AddSingleton<Database>();
builder.Services.AddProblemDetails();
builder.Services.AddHealthChecks()
    .AddCheck<NearCacheHealthCheck>("nearcache", tags: ["ready"])
    .AddCheck<NearCacheDetailedHealthCheck>("nearcache-details", tags: ["details"]);
builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
    .AddMeter("NearCache", "NearCache.Memcached", "NearCache.ZooKeeper")
    .AddPrometheusExporter());

// The console is closed by default. In Development it is open to this machine; elsewhere it needs a policy of the application.
if (builder.Environment.IsDevelopment())
{
    builder.Services.AddNearCacheConsole(builder.Configuration.GetSection("NearCacheConsole"));
}

var app = builder.Build();
app.UseMiddleware<CacheFailureMiddleware>();
app.MapProducts();
app.MapParameters();
app.MapBaskets();
app.MapViews();
app.MapDiagnostics();
app.MapAdmin();
app.MapHealth();
app.MapPrometheusScrapingEndpoint("/metrics");
app.MapPage();
if (app.Environment.IsDevelopment())
{
    app.MapNearCacheConsole("/nearcache");
}

app.Run();
