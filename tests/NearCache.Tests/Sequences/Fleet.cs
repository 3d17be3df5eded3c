using Microsoft.Extensions.Logging;
using NearCache.Remote.Embedded;
using NearCache.TestSupport;

namespace NearCache.Tests.Sequences;

/// <summary>
/// Two processes on one server, with manual clocks. There is no ZooKeeper: each finds the changes of the other by its audits.
/// </summary>
internal sealed class Fleet : IAsyncDisposable
{
    public const string Key = "product:1";

    private readonly EmbeddedServer _server;
    private readonly Action<NearCacheOptions>? _configure;

    private Fleet(Action<NearCacheOptions>? configure, ILoggerFactory? log)
    {
        _configure = configure;
        _server = new EmbeddedServer(Time);
        (HereRemote, ThereRemote) = (new SharedRemote(_server), new SharedRemote(_server));
        ThereTime = new ManualTime();
        Here = new NearCacheClient(Options(), HereRemote, log, timeProvider: Time);
        There = new NearCacheClient(Options(), ThereRemote, timeProvider: ThereTime);
    }

    public ManualTime Time { get; } = new();

    /// <summary>The server that both share.</summary>
    public EmbeddedServer Server => _server;

    public ManualTime ThereTime { get; }

    public NearCacheClient Here { get; }

    public NearCacheClient There { get; }

    public SharedRemote HereRemote { get; }

    public SharedRemote ThereRemote { get; }

    /// <summary>Starts both processes and waits until rules have settled, so that keys may be near in both.</summary>
    public static Task<Fleet> StartAsync(Action<NearCacheOptions>? configure = null) => StartAsync(null, configure);

    /// <summary>Does the same, with the log of <see cref="Here"/>.</summary>
    public static async Task<Fleet> StartAsync(ILoggerFactory? log, Action<NearCacheOptions>? configure = null)
    {
        var fleet = new Fleet(configure, log);
        foreach (var cache in new[] { fleet.Here, fleet.There })
        {
            await fleet.TurnUntilAsync(async () =>
            {
                await cache.SetAsync("product:warm", "up");
                await cache.GetAsync<string>("product:warm");
                return (await cache.GetAsync<string>("product:warm")).Source == CacheSource.Near;
            });
        }

        return fleet;
    }

    /// <summary>Advances both clocks until a condition holds. Returns how far.</summary>
    public async Task<TimeSpan> TurnUntilAsync(Func<Task<bool>> condition)
    {
        var turned = TimeSpan.Zero;
        var step = TimeSpan.FromMilliseconds(50);
        while (!await condition())
        {
            Assert.True(turned < TimeSpan.FromMinutes(2), "Nothing happened in two minutes of manual time.");
            await TurnAsync(step);
            turned += step;
            await PoolTurns.PassAsync();
        }

        return turned;
    }

    /// <summary>Advances both clocks, and lets due work run.</summary>
    public async Task TurnAsync(TimeSpan by)
    {
        Time.Advance(by);
        ThereTime.Advance(by);
        for (var i = 0; i < 50; i++)
        {
            await Task.Yield();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Here.DisposeAsync();
        await There.DisposeAsync();
    }

    /// <summary>Starts one more process.</summary>
    public NearCacheClient Join() => new(Options(), new SharedRemote(_server), timeProvider: Time);

    private NearCacheOptions Options()
    {
        var options = new NearCacheOptions
        {
            KeyPrefix = "",
            Rules = { new RuleOptions { Name = "products", Match = "product:*" }, new RuleOptions { Name = "hybrid", Match = "h:*" } },
        };
        _configure?.Invoke(options);
        return options;
    }
}
