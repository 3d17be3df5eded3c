using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.RabbitMq.Tests;

/// <summary>Two caches on a real memcached and a real broker, each with connections of its own, as in two processes.</summary>
internal sealed class RabbitMqFleet : IAsyncDisposable
{
    public const string Key = "product:1";

    private readonly MemcachedProcess _memcached;

    private RabbitMqFleet(MemcachedProcess memcached, string broker, Action<RabbitMqOptions>? configure)
    {
        _memcached = memcached;
        (Writer, Reader) = (Make(broker, configure), Make(broker, configure));
    }

    public LogRecorder Log { get; } = new(Microsoft.Extensions.Logging.LogLevel.Information);

    public NearCacheClient Writer { get; }

    public NearCacheClient Reader { get; }

    public string Memcached => _memcached.Address;

    public static CarrierSnapshot Carrier(NearCacheClient cache) => Assert.Single(cache.Snapshot().Carriers);

    /// <summary>Starts the caches, and waits until a key is near in both, and both hear each other.</summary>
    public static async Task<RabbitMqFleet> StartAsync(string broker, Action<RabbitMqOptions>? configure = null)
    {
        var fleet = new RabbitMqFleet(await MemcachedProcess.StartNewAsync(), broker, configure);
        await fleet.DeliversAsync();
        await Eventually.BecomesTrueAsync(() => fleet.All.All(cache => Carrier(cache).Members == 2), "the processes hear each other");
        await fleet.NearAsync("first");
        return fleet;
    }

    public Task DeliversAsync() =>
        Eventually.BecomesTrueAsync(() => All.All(cache => Carrier(cache).IsDelivering), "the broker delivers");

    public Task IsAwayAsync() =>
        Eventually.BecomesTrueAsync(() => All.All(cache => !Carrier(cache).IsDelivering), "no cache believes that the broker delivers");

    /// <summary>Writes a value, and waits until the reader has it near.</summary>
    public async Task NearAsync(string value)
    {
        await Writer.SetAsync(Key, value);
        await Eventually.BecomesTrueAsync(
            async () => (await Reader.GetAsync<string>(Key)) is { Source: CacheSource.Near } read && read.Value == value,
            "the value is near");
    }

    /// <summary>Writes a value while the reader has the old one near, and returns how long the reader serves that.</summary>
    public async Task<TimeSpan> ChangeAsync(string value)
    {
        await Eventually.BecomesTrueAsync(
            async () => (await Reader.GetAsync<string>(Key)).Source == CacheSource.Near, "the old value is near");
        await Writer.SetAsync(Key, value);
        var returned = Stopwatch.GetTimestamp();
        while ((await Reader.GetAsync<string>(Key)).Value != value)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }

        return Stopwatch.GetElapsedTime(returned);
    }

    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        await Reader.DisposeAsync();
        await _memcached.DisposeAsync();
        Log.Dispose();
    }

    private NearCacheClient[] All => [Writer, Reader];

    private NearCacheClient Make(string broker, Action<RabbitMqOptions>? configure)
    {
        var options = new NearCacheOptions
        {
            Namespace = "fleet",
            RuleLease = TimeSpan.FromSeconds(1.5),
            ChurnBreaker = false,
            Memcached = { Servers = { _memcached.Address } },
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        var rabbitMq = new RabbitMqOptions { Hosts = { broker }, ConnectTimeout = TimeSpan.FromSeconds(2) };
        configure?.Invoke(rabbitMq);
        return new NearCacheClient(options.UseRabbitMq(rabbitMq), Log);
    }
}
