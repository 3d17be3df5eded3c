using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Documents;

/// <summary>The steps of docs/migration.md, on two memcached servers with items that EnyimMemcachedCore wrote.</summary>
public sealed class MigrationGuideTests
{
    private const int Products = 20;
    private const uint Text = 0x112;     // client flags of its default transcoder for a string,
    private const uint Number = 0x109;   // of an int,
    private const uint Bson = 0x101;     // and of an object
    private static readonly byte[] Coat = Convert.FromHexString("20000000104E756D6265720001000000024E616D650005000000636F61740000");

    private sealed record Product(int Number, string Name);

    [Fact]
    public async Task The_three_steps_lead_from_a_warm_cache_to_a_near_one()
    {
        await using var one = await MemcachedProcess.StartNewAsync();
        await using var two = await MemcachedProcess.StartNewAsync();
        await using var old = new MemcachedClient(
            new MemcachedOptions { Servers = { one.Address, two.Address }, Distribution = MemcachedDistribution.Enyim });
        foreach (var key in Keys())
        {
            await old.SetAsync(key, Coat, clientFlags: Bson);
        }

        await old.SetAsync("greeting", Encoding.UTF8.GetBytes("grüß Gott"), clientFlags: Text);
        await old.SetAsync("stock", BitConverter.GetBytes(42), clientFlags: Number);

        // Step 1: beside the old processes, without rules.
        using (var host = await StartAsync(one.Address, two.Address))
        {
            var cache = host.Services.GetRequiredService<INearCache>();
            Assert.All(
                (await cache.GetManyAsync<Product>(Keys())).Values,
                found => Assert.Equal((new Product(1, "coat"), CacheSource.Remote), (found.Value, found.Source)));
            Assert.Equal("grüß Gott", (await cache.GetAsync<string>("greeting")).Value);
            Assert.Equal(42, (await cache.GetAsync<int>("stock")).Value);

            await cache.SetAsync("greeting", "moin");
            Assert.Equal((Text, "moin"), await StoredAsync(old, "greeting"));
            await old.SetAsync("greeting", "servus"u8.ToArray(), clientFlags: Text);
            Assert.Equal(("servus", CacheSource.Remote), Of(await cache.GetAsync<string>("greeting")));
            await host.StopAsync();
        }

        // Step 2: the last old process is gone; rules are added.
        using (var host = await StartAsync(one.Address, two.Address, "NearCache:Rules:0:Name=products",
            "NearCache:Rules:0:Match=product:*"))
        {
            var cache = host.Services.GetRequiredService<INearCache>();
            await Eventually.BecomesTrueAsync(
                async () =>
                    (await cache.GetManyAsync<Product>(Keys())).Values.All(
                        found => found.Source == CacheSource.Near && found.Value == new Product(1, "coat")), "all products are near");
            Assert.Equal(CacheSource.Remote, (await cache.GetAsync<string>("greeting")).Source);
            await host.StopAsync();
        }

        // Step 3: leases again.
        using (var host = await StartAsync(one.Address, two.Address, "NearCache:UseLeases=true"))
        {
            var cache = host.Services.GetRequiredService<INearCache>();
            await Eventually.BecomesTrueAsync(
                async () => await cache.GetOrCreateAsync("made", _ => ValueTask.FromResult("by the factory")) is "by the factory"
                    && await StoredAsync(old, "made") == (Text, "by the factory"),
                "what the factory made is stored as EnyimMemcachedCore would");
            await host.StopAsync();
        }
    }

    private static string[] Keys() => [.. Enumerable.Range(0, Products).Select(number => $"product:{number}")];

    private static (string?, CacheSource) Of(CacheResult<string> result) => (result.Value, result.Source);

    private static async Task<(uint, string)> StoredAsync(MemcachedClient client, string key)
    {
        var item = await client.GetAsync(key, MetaFields.Value | MetaFields.ClientFlags);
        return (item.ClientFlags, Encoding.UTF8.GetString(item.Value.Span));
    }

    // A host with the configuration of the page, except for the addresses.
    private static async Task<IHost> StartAsync(string one, string two, params string[] more)
    {
        var page = Repository.Read("docs/migration.md");
        var from = page.IndexOf("    {\n      \"NearCache\"", StringComparison.Ordinal);
        var json = page[from..(page.IndexOf("\n    }\n", from, StringComparison.Ordinal) + "\n    }\n".Length)]
            .Replace("10.0.0.1:11211", one, StringComparison.Ordinal).Replace("10.0.0.2:11211", two, StringComparison.Ordinal);

        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddJsonStream(new MemoryStream(Encoding.UTF8.GetBytes(json)));
        builder.Configuration.AddInMemoryCollection([new("NearCache:Memcached:OperationTimeout", "00:00:04")]);
        builder.Configuration.AddInMemoryCollection(
            more.Select(setting => setting.Split('=')).Select(parts => KeyValuePair.Create(parts[0], (string?)parts[1])));
        builder.Services.AddNearCache(builder.Configuration.GetSection("NearCache"));
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
