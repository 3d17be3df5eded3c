using System.Diagnostics;
using System.Globalization;
using NearCache;
using NearCache.ZooKeeper;

namespace IncidentReplay;

/// <summary>Plays one story: starts three processes' worth of caches, lets the traffic run, and looks at the ensemble every second.</summary>
internal static class Replay
{
    private const int Processes = 3;
    private const int DeletedAtOnce = 500;

    public static async Task<Run> PlayAsync(Story story, Settings settings)
    {
        LiveTable.Begin(story);
        await CleanAsync(settings);
        var caches = await StartAsync(story, settings);
        try
        {
            return await MeasureAsync(story, settings, caches);
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

    private static async Task<Run> MeasureAsync(Story story, Settings settings, ICacheUnderTest[] caches)
    {
        await using var bystander = await Bystander.StartAsync(settings.ZooKeeper);
        await Task.Delay(1000);
        bystander.Take();

        var traffic = new Traffic(caches, settings.LocksPerSecond);
        using var stopping = new CancellationTokenSource();
        var (begin, own) = (await Ensemble.AskAsync(settings.ZooKeeper), bystander.Transactions);
        var clock = Stopwatch.StartNew();
        var running = Task.Run(() => traffic.RunAsync(stopping.Token));

        var (samples, latencies) = (new List<Sample>(), new List<double>());
        var (before, beforeOwn, at, locks, reads) = (begin, own, 0.0, 0L, 0L);
        Trip? trip = null;
        while (clock.Elapsed.TotalSeconds < settings.Seconds)
        {
            await Task.Delay(1000);
            var (now, nowOwn, elapsed) = (await Ensemble.AskAsync(settings.ZooKeeper), bystander.Transactions, clock.Elapsed.TotalSeconds);
            var times = bystander.Take();
            latencies.AddRange(times);
            var transactions = Math.Max(now.Zxid - before.Zxid - (nowOwn - beforeOwn), 0);
            samples.Add(new Sample(elapsed, elapsed - at, now.Znodes - begin.Znodes, transactions, Run.Percentile(times, 0.99), traffic.Locks - locks, traffic.Reads - reads));
            if (trip is null && ReasonIn(caches) is { } reason)
            {
                trip = new Trip(elapsed, samples.Sum(sample => sample.Transactions), reason);
            }

            LiveTable.Show(samples[^1], trip is not null && samples[^1].At <= trip.After ? "the churn breaker has tripped" : "");
            (before, beforeOwn, at, locks, reads) = (now, nowOwn, elapsed, traffic.Locks, traffic.Reads);
        }

        await stopping.CancelAsync();
        await running;
        return new Run(story, samples, latencies, trip);
    }

    private static string? ReasonIn(ICacheUnderTest[] caches) =>
        caches.OfType<WithNearCache>().SelectMany(cache => cache.Cache.Snapshot().Rules).Select(rule => rule.ChurnReason).FirstOrDefault(reason => reason is not null);

    private static async Task<ICacheUnderTest[]> StartAsync(Story story, Settings settings)
    {
        NaiveCache.Begin();
        var caches = new ICacheUnderTest[Processes];
        for (var i = 0; i < Processes; i++)
        {
            caches[i] = story.IsNaive
                ? new NaiveCache(Make(story, settings), new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = settings.ZooKeeper }), settings.MostZnodes)
                : new WithNearCache(Make(story, settings));
        }

        if (story.IsNaive)
        {
            await using var zooKeeper = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = settings.ZooKeeper });
            await zooKeeper.CreateAsync(NaiveCache.Root, null);
        }

        for (var i = 0; i < Traffic.Parameters; i++)
        {
            await caches[0].SetAsync(Traffic.Parameter(i), "value");
        }

        // NearCache keeps nothing near before every writer knows the rules; and a process believes the number of members when it has not fallen for two minutes.
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

    private static NearCacheClient Make(Story story, Settings settings)
    {
        var options = new NearCacheOptions { Namespace = string.Create(CultureInfo.InvariantCulture, $"incident-replay-{(story.HasMistake ? 3 : 2)}") };
        options.Memcached.Servers.Add(settings.Memcached);
        if (!story.IsNaive)
        {
            options.ZooKeeper.ConnectionString = settings.ZooKeeper;
            options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(4);
            options.Rules.Add(new RuleOptions { Name = "parameters", Match = "parameter:*" });
        }

        if (story.HasMistake)
        {
            options.Rules.Add(new RuleOptions { Name = "locks", Match = "lock:*" });
        }

        return new NearCacheClient(options);
    }

    // What an earlier run left, the naive cache's znodes above all.
    private static async Task CleanAsync(Settings settings)
    {
        await using var zooKeeper = new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = settings.ZooKeeper, RequestTimeout = TimeSpan.FromSeconds(60) });
        foreach (var root in new[] { NaiveCache.Root, "/nearcache/incident-replay-2", "/nearcache/incident-replay-3" })
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
            // It is gone.
        }
    }
}
