using NearCache;
using Storefront.Endpoints;
using Storefront.Source;

// The settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// On memcached its keys stand behind the namespace, unless KeyPrefix says otherwise: empty, it is for moving in beside other clients of the same keys.
builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache"));
builder.Services.AddOptions<StorefrontOptions>().Bind(builder.Configuration.GetSection("Storefront"));
builder.Services.AddSingleton<Database>();
builder.Services.AddProblemDetails();
builder.Services.AddHealthChecks()
    .AddCheck<NearCacheHealthCheck>("nearcache", tags: ["ready"])
    .AddCheck<NearCacheDetailedHealthCheck>("nearcache-details", tags: ["details"]);

var app = builder.Build();
app.UseMiddleware<CacheFailureMiddleware>();
app.MapProducts();
app.MapParameters();
app.MapBaskets();
app.MapViews();
app.MapDiagnostics();
app.MapAdmin();
app.MapHealth();
app.MapPage();
app.Run();
