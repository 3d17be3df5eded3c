using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Memcached;

namespace NearCache.Tests.Adapters.Hybrid;

/// <summary>What an application says by <c>services.AddHybridCache(options => …)</c> counts for the adapter of a NearCache.</summary>
public sealed class MicrosoftsOptionsTests : IDisposable
{
    private readonly LogRecorder _log = new();

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Its_default_entry_options_and_limits_count_whichever_is_registered_first(bool first)
    {
        await using var server = FakeMemcached.Start();
        await using var provider = Build(
            services =>
            {
                void Common() => services.AddHybridCache(options =>
                {
                    options.DefaultEntryOptions = new HybridCacheEntryOptions
                    {
                        Expiration = TimeSpan.FromSeconds(600),
                        LocalCacheExpiration = TimeSpan.FromSeconds(60),
                    };
                    options.MaximumKeyLength = 8;
                    options.MaximumPayloadBytes = 100;
                });

                if (first)
                {
                    Common();
                }

                services.AddNearCache(options => Patiently(options, server)).AddHybridCache();
                if (!first)
                {
                    Common();
                }
            });
        var cache = Assert.IsType<NearHybridCache>(provider.GetRequiredService<HybridCache>());

        await cache.SetAsync("set", "value");
        await cache.GetOrCreateAsync("made", _ => ValueTask.FromResult("value"));
        await cache.SetAsync("own", "value", new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(30) });
        await cache.SetAsync("too long a key", "value");
        await cache.SetAsync("large", new string('x', 101));

        Assert.Contains(server.Commands, command => IsStore(command, "h:set") && command.Contains(" T600", StringComparison.Ordinal));
        var lifetime = server.Commands.Single(command => IsStore(command, "h:made")).Split(' ').Single(token => token.StartsWith('T'));
        Assert.InRange(int.Parse(lifetime[1..], System.Globalization.CultureInfo.InvariantCulture), 539, 600);
        Assert.Contains(server.Commands, command => IsStore(command, "h:own") && command.Contains(" T30", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Commands, command => IsStore(command, "h:#") || IsStore(command, "h:large"));
        Assert.Empty(_log.Of(1603));
    }

    [Fact]
    public async Task Its_flags_count()
    {
        await using var provider = Build(services =>
        {
            services.AddHybridCache(
                options => options.DefaultEntryOptions = new HybridCacheEntryOptions
                {
                    Flags = HybridCacheEntryFlags.DisableUnderlyingData,
                });
            services.AddNearCache(_ => { }).AddHybridCache();
        });

        Assert.Null(
            await provider.GetRequiredService<HybridCache>()
                .GetOrCreateAsync<string?>("key", _ => throw new InvalidOperationException("The factory runs.")));
    }

    [Fact]
    public async Task Without_compression_there_is_none()
    {
        await using var server = FakeMemcached.Start();
        await using var provider = Build(services =>
        {
            services.AddHybridCache(options => options.DisableCompression = true);
            services.AddNearCache(options =>
            {
                Patiently(options, server);
                (options.Compression, options.CompressionThreshold) = (ValueCompression.Brotli, 1);
            }).AddHybridCache();
        });
        await provider.GetRequiredService<HybridCache>().SetAsync("key", new string('x', 1000));
        await provider.GetRequiredService<INearCache>().SetAsync("plain", new string('x', 1000));

        Assert.True(server.Items.Single(item => item.Key.EndsWith("h:key", StringComparison.Ordinal)).Value.Value.Length > 1000);
        Assert.True(server.Items.Single(item => item.Key.EndsWith("plain", StringComparison.Ordinal)).Value.Value.Length < 100);
    }

    [Fact]
    public async Task What_the_face_is_told_itself_counts_before_it()
    {
        await using var server = FakeMemcached.Start();
        await using var provider = Build(services =>
        {
            services.AddHybridCache(
                options => options.DefaultEntryOptions = new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(600) });
            services.AddNearCache(options => Patiently(options, server))
                .AddHybridCache(
                    options => options.DefaultEntryOptions = new HybridCacheEntryOptions { Expiration = TimeSpan.FromSeconds(50) });
        });
        await provider.GetRequiredService<HybridCache>().SetAsync("key", "value");

        Assert.Contains(server.Commands, command => IsStore(command, "h:key") && command.Contains(" T50", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_is_not_honoured_is_said_once()
    {
        await using var provider = Build(services =>
        {
            services.AddHybridCache(options =>
            {
                options.ReportTagMetrics = true;
                options.DistributedCacheServiceKey = "redis";
                options.MaximumPayloadBytes = 10 << 20;
            });
            services.AddNearCache(_ => { }).AddHybridCache();
        });
        var cache = provider.GetRequiredService<HybridCache>();
        await cache.SetAsync("key", "value");
        await cache.SetAsync("key", "value");

        var said = _log.Of(1603);
        Assert.Equal(3, said.Length);
        Assert.Contains(said, text => text.Contains("HybridCacheOptions.ReportTagMetrics is True", StringComparison.Ordinal));
        Assert.Contains(said, text => text.Contains("HybridCacheOptions.DistributedCacheServiceKey is redis", StringComparison.Ordinal));
        Assert.Contains(
            said,
            text => text.Contains("MaximumPayloadBytes is 10485760", StringComparison.Ordinal)
                && text.Contains("Memcached:MaxValueBytes is 1048576", StringComparison.Ordinal));
    }

    // A machine that stands still for a second loses no connection.
    private static void Patiently(NearCacheOptions options, FakeMemcached server)
    {
        options.Memcached.Servers.Add(server.Address);
        options.Memcached.ConnectTimeout = TimeSpan.FromSeconds(30);
        options.Memcached.OperationTimeout = TimeSpan.FromSeconds(4);
    }

    private static bool IsStore(string command, string key) =>
        command.StartsWith("ms ", StringComparison.Ordinal) && command.Split(' ')[1].EndsWith(key, StringComparison.Ordinal);

    private ServiceProvider Build(Action<IServiceCollection> add)
    {
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(_log);
        add(services);
        return services.BuildServiceProvider();
    }
}
