using System.Diagnostics;
using System.Text.Json.Serialization;
using Consumer;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NearCache;

// Two hosts of one namespace, on the servers that the arguments name: what one has near, the other changes.
var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
using var reader = Host(args);
using var writer = Host(args);
await reader.StartAsync(limit.Token);
await writer.StartAsync(limit.Token);
var (near, other) = (reader.Services.GetRequiredService<INearCache>(), writer.Services.GetRequiredService<INearCache>());

await other.SetAsync("product:1", new Product(1, "A raincoat", 49.90m), cancellationToken: limit.Token);
await ReadUntilAsync(result => result is { Source: CacheSource.Near, Value.Name: "A raincoat" });
Console.WriteLine("near hit");

await other.SetAsync("product:1", new Product(1, "An umbrella", 19.90m), cancellationToken: limit.Token);
await ReadUntilAsync(result => result is { Source: CacheSource.Near, Value: { Name: "An umbrella", Price: 19.90m } });
Console.WriteLine("changed by the other");

Console.WriteLine($"zookeeper {reader.Services.GetRequiredService<NearCacheClient>().Snapshot().ZooKeeper}");
Console.WriteLine($"memory {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MB");
await writer.StopAsync(limit.Token);
await reader.StopAsync(limit.Token);

async Task ReadUntilAsync(Func<CacheResult<Product>, bool> isSo)
{
    while (!isSo(await near.GetAsync<Product>("product:1", cancellationToken: limit.Token)))
    {
        await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
    }
}

static IHost Host(string[] args)
{
    var builder = new HostApplicationBuilder(args);
    builder.Logging.ClearProviders();
    builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache"));
    builder.Services.AddNearCache(options => options.Json = Shop.Default.Options);
    return builder.Build();
}

namespace Consumer
{
    internal sealed record Product(int Id, string Name, decimal Price);

    [JsonSerializable(typeof(Product))]
    internal sealed partial class Shop : JsonSerializerContext;
}
