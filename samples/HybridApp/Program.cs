using HybridApp;

// The settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

// The one line. With Microsoft's own cache it is builder.Services.AddHybridCache(), and nothing else in this application differs.
// On memcached its keys stand behind the namespace, unless KeyPrefix says otherwise: empty, it is for moving in beside other clients of the same keys.
builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache")).AddHybridCache();
builder.Services.AddSingleton<ArticleSource>();
builder.Services.AddSingleton<Articles>();

var app = builder.Build();
app.MapGet("/", () => "GET /articles/1, PUT /articles/1?text=…, DELETE /shelves/1; every article lies on the shelf of its number modulo 10.");
app.MapGet("/articles/{id:int}", (int id, Articles articles, CancellationToken cancellationToken) => articles.GetAsync(id, cancellationToken));
app.MapPut("/articles/{id:int}", (int id, string text, Articles articles, CancellationToken cancellationToken) => articles.SetAsync(id, text, cancellationToken));
app.MapDelete("/shelves/{shelf:int}", (int shelf, Articles articles, CancellationToken cancellationToken) => articles.ForgetShelfAsync(shelf, cancellationToken));
app.Run();
