using System.Diagnostics;
using System.Globalization;
using NearCache;
using NearCache.RabbitMq;
using NearCache.ZooKeeper;

namespace IncidentReplay;

/// <summary>Runs one scenario: starts the caches of three processes, runs the traffic, and samples the ensemble every second.</summary>
internal static class Replay
{
    private const int Processes = 3;
    private const int DeletedAtOnce = 500;

    public static async Task<ScenarioResult> PlayAsync(Scenario scenario, ReplaySettings settings)
    {
        LiveTable.Begin(scenario);
        await CleanAsync(settings);
        var caches = await StartAsync(scenario, settings);
        try
        {
            return await MeasureAsync(scenario, settings, caches);
        }
        finally
        {
            foreach (var cache in caches)
            {
                await cache.DisposeAsync();
            }

            await CleanAsync(settings);
        }
    }

    private static async Task<ScenarioResult> MeasureAsync(Scenario scenario, ReplaySettings settings, ICacheUnderTest[] caches)
    {
        await using var coTenant = await CoTenant.StartAsync(settings.ZooKeeper);
        await Task.Delay(1000);
        coTenant.Take();

        var traffic = new Traffic(caches, settings.LocksPerSecond);
        await using var console = settings.Console is { } port && scenario is { HasMistake: true, HasRabbitMq: false }
            ? await ConsoleBeside.StartAsync(port, OptionsOf(scenario, settings))
            : null;
        using var stopping = new CancellationTokenSource();
        var (begin, own) = (await EnsembleState.AskAsync(settings.ZooKeeper), coTenant.Transactions);
        var clock = Stopwatch.StartNew();
        console?.Begin();
        var running = Task.Run(() => traffic.RunAsync(stopping.Token));

        var (measurements, latencies) = (new List<Measurement>(), new List<double>());
        var (before, beforeOwn, at, locks, reads) = (begin, own, 0.0, 0L, 0L);
        BreakerTrip? trip = null;
        while (clock.Elapsed.TotalSeconds < settings.Seconds)
        {
            await Task.Delay(1000);
            var (now, nowOwn, elapsed) = (await EnsembleState.AskAsync(settings.ZooKeeper), coTenant.Transactions,
                clock.Elapsed.TotalSeconds);
            var times = coTenant.Take();
            latencies.AddRange(times);
            var transactions = Math.Max(now.Zxid - before.Zxid - (nowOwn - beforeOwn), 0);
            measurements.Add(new Measurement(elapsed, elapsed - at, now.Znodes - begin.Znodes, transactions,
                ScenarioResult.Percentile(times, 0.99), traffic.Locks - locks, traffic.Reads - reads));
            if (trip is null && ReasonIn(caches) is { } reason)
            {
                trip = new BreakerTrip(elapsed, measurements.Sum(measurement => measurement.Transactions), reason);
            }

            LiveTable.Show(measurements[^1], trip is not null && measurements[^1].At <= trip.After ? "the churn breaker has tripped" : "");
            (before, beforeOwn, at, locks, reads) = (now, nowOwn, elapsed, traffic.Locks, traffic.Reads);
        }

        await stopping.CancelAsync();
        await running;
        return new ScenarioResult(scenario, measurements, latencies, trip);
    }

    private static string? ReasonIn(ICacheUnderTest[] caches) =>
        caches.OfType<WithNearCache>().SelectMany(cache => cache.Cache.Snapshot().Rules).Select(rule => rule.ChurnReason)
            .FirstOrDefault(reason => reason is not null);

    private static async Task<ICacheUnderTest[]> StartAsync(Scenario scenario, ReplaySettings settings)
    {
        NaiveCache.Begin();
        var caches = new ICacheUnderTest[Processes];
        for (var i = 0; i < Processes; i++)
        {
            caches[i] = scenario.IsNaive
                ? new NaiveCache(Make(scenario, settings),
                    new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = settings.ZooKeeper }), settings.MostZnodes)
                : new WithNearCache(Make(scenario, settings));
        }

        if (scenario.IsNaive)
        {
            await using var zooKeeper = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = settings.ZooKeeper });
            await zooKeeper.CreateAsync(NaiveCache.Root, null);
        }

        for (var i = 0; i < Traffic.Parameters; i++)
        {
            await caches[0].SetAsync(Traffic.Parameter(i), "value");
        }

        // NearCache keeps nothing near before every writer knows the rules, and accepts a lower number of members only after two minutes.
        var clock = Stopwatch.StartNew();
        while (caches.OfType<WithNearCache>().Any(cache => !IsReady(cache.Cache)) && clock.Elapsed < TimeSpan.FromMinutes(4))
        {
            foreach (var cache in caches)
            {
                await cache.GetAsync(Traffic.Parameter(0));
            }

            await Task.Delay(100);
        }

        return caches;
    }

    private static bool IsReady(NearCacheClient cache) => cache.Snapshot() is { NearHits: > 0, Budgets.Members: Processes };

    private static NearCacheClient Make(Scenario scenario, ReplaySettings settings) => new(OptionsOf(scenario, settings));

    private static NearCacheOptions OptionsOf(Scenario scenario, ReplaySettings settings)
    {
        var options = new NearCacheOptions
        {
            Namespace = scenario.HasRabbitMq ? "incident-replay-4" : scenario.HasMistake ? "incident-replay-3" : "incident-replay-2",
        };
        options.Memcached.Servers.Add(settings.Memcached);
        if (!scenario.IsNaive)
        {
            options.ZooKeeper.ConnectionString = settings.ZooKeeper;
            options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(4);
            options.Rules.Add(new RuleOptions { Name = "parameters", Match = "parameter:*" });
        }

        if (scenario.HasMistake)
        {
            options.Rules.Add(new RuleOptions { Name = "locks", Match = "lock:*" });
        }

        if (scenario.HasRabbitMq)
        {
            options.UseRabbitMq(new RabbitMqOptions { Hosts = { settings.RabbitMq! } });
        }

        return options;
    }

    // Removes nodes of an earlier run, above all those of the naive cache.
    private static async Task CleanAsync(ReplaySettings settings)
    {
        await using var zooKeeper = new ZooKeeperClient(
            new ZooKeeperOptions { ConnectionString = settings.ZooKeeper, RequestTimeout = TimeSpan.FromSeconds(60) });
        foreach (var root in new[] { NaiveCache.Root, "/nearcache/incident-replay-2", "/nearcache/incident-replay-3",
            "/nearcache/incident-replay-4" })
        {
            await DeleteAsync(zooKeeper, root);
        }
    }

    private static async Task DeleteAsync(ZooKeeperClient zooKeeper, string path)
    {
        try
        {
            var children = (await zooKeeper.GetChildrenAsync(path)).Names;
            if (children.Count < 100)
            {
                foreach (var child in children)
                {
                    await DeleteAsync(zooKeeper, $"{path}/{child}");
                }
            }
            else
            {
                foreach (var some in children.Chunk(DeletedAtOnce))
                {
                    await zooKeeper.MultiAsync([.. some.Select(child => MultiOperation.Delete($"{path}/{child}"))]);
                }
            }

            await zooKeeper.DeleteAsync(path);
        }
        catch (NoNodeException)
        {
            // The node does not exist.
        }
    }
}
