using NearCache;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache"));

var app = builder.Build();
app.MapGet("/product/{id:int}", async (int id, INearCache cache, CancellationToken cancellationToken) =>
{
    var product = await cache.GetOrCreateResultAsync(
        $"product:{id}", token => FindProductAsync(id, token), cancellationToken: cancellationToken);
    return $"{product.Value}, from {product.Source}\n";
});
app.Run();

// Stands for your database.
static async ValueTask<string> FindProductAsync(int id, CancellationToken cancellationToken)
{
    await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
    return $"product {id}";
}
