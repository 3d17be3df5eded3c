using Microsoft.Extensions.Logging;
using NearCache.Remote.Embedded;
using NearCache.TestSupport;

namespace NearCache.Tests.Sequences;

/// <summary>
/// Two processes on one server, on a clock that the test turns. There is no ZooKeeper: what one does, the other finds by its audits.
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

    public ManualTime ThereTime { get; }

    public NearCacheClient Here { get; }

    public NearCacheClient There { get; }

    public SharedRemote HereRemote { get; }

    public SharedRemote ThereRemote { get; }

    /// <summary>Starts both and waits until rules have settled, so that keys may be near in both.</summary>
    public static Task<Fleet> StartAsync(Action<NearCacheOptions>? configure = null) => StartAsync(null, configure);

    /// <summary>The same, with the log of <see cref="Here"/>.</summary>
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

    /// <summary>Turns both clocks until something holds, and says how far.</summary>
    public async Task<TimeSpan> TurnUntilAsync(Func<Task<bool>> condition)
    {
        var turned = TimeSpan.Zero;
        var step = TimeSpan.FromMilliseconds(50);
        while (!await condition())
        {
            Assert.True(turned < TimeSpan.FromMinutes(2), "Nothing happened in two minutes of manual time.");
            await TurnAsync(step);
            turned += step;

            // What works in the background needs time of the machine, too: the more, the busier that is.
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        return turned;
    }

    /// <summary>Turns both clocks so far, and lets what is due then run.</summary>
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

    /// <summary>One more process, which knows nothing yet.</summary>
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
