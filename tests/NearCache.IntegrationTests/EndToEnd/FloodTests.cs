using System.Diagnostics;
using System.Globalization;
using NearCache.Memcached;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>Keys that should not be near: 20 caches write 10,000 of them a second, without a churn breaker.</summary>
/// <remarks>10 s; a minute with <c>NEARCACHE_FULL=1</c>. ZooKeeper and memcached report the cost.</remarks>
public sealed class FloodTests(ITestOutputHelper output)
{
    private const int Caches = 20;
    private const int Keys = 1000;
    private const int WritesPerSecond = 500;   // of each
    private const double Budget = 20;          // announcements a second, of all
    private const int DeliveriesBudget = 5000;       // a second, of all: the default
    private static readonly TimeSpan MaxStaleness = new NearCacheOptions().MaxStaleness;

    // A long timeout, so that a busy machine does not end sessions, which would cost additional transactions.
    private static readonly TimeSpan SessionTimeout = TimeSpan.FromSeconds(20);

    private readonly StalenessChecker[] _checkers = [.. Enumerable.Range(0, Keys).Select(_ => new StalenessChecker(MaxStaleness))];
    private long _writes;
    private long _nearHits;
    private long _remoteReads;

    [Fact]
    public async Task A_flood_of_near_writes_stays_within_the_budgets_and_serves_nothing_older_than_promised()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync("-c", "200");
        await using var ensemble = await ZooKeeperEnsemble.StartNewAsync();
        var caches = Enumerable.Range(0, Caches).Select(_ => Make(memcached, ensemble)).ToArray();
        try
        {
            await ReadyAsync(caches);
            using var stop = new CancellationTokenSource();
            var load = caches.SelectMany(
                (cache, owner) => new[] { WriteAsync(cache, owner, stop.Token), ReadAsync(cache, owner, stop.Token) }).ToArray();

            // Waits until each process has used its accumulated tokens.
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
            var before = await CostAsync(memcached, ensemble);
            var started = Stopwatch.GetTimestamp();
            await Task.Delay(TimeSpan.FromSeconds(TestScale.Of(10, 60)), TimeProvider.System);
            var cost = await CostAsync(memcached, ensemble) - before;
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            await stop.CancelAsync();
            await Task.WhenAll(load);

            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"[FIGURE] flood by {Caches} caches, {cost.Writes / seconds:0} near writes/s for "
                + $"{seconds:0} s: {cost.Transactions / seconds:0.0} ZooKeeper transactions/s of {Budget}, "
                + $"{cost.Notifications / seconds:0} deliveries/s of {DeliveriesBudget}, {cost.AuditReads / seconds / Caches:0.0} "
                    + $"memcached "
                + $"reads a cache and second beside the application's; {_nearHits} near hits and {_remoteReads} remote reads checked, "
                + $"{_checkers.Sum(checker => checker.Violations.Count)} older than promised"));
            Assert.Empty(_checkers.SelectMany(checker => checker.Violations));
            Assert.True(cost.Writes > 5 * cost.Transactions, "It was no flood.");
            Assert.True(_nearHits > 0, "Nothing was ever near.");

            // Accumulated tokens, and requests in flight during a stall of the server, count in addition to the budget.
            Assert.InRange(cost.Transactions, 1, (Budget * 1.1 * seconds) + Caches);
            Assert.InRange(cost.Notifications / seconds, 1, DeliveriesBudget);

            // An audit is a total, the rules and a segment; when it cannot be explained, up to 128 log records, the total and the 64
            // segments.
            Assert.InRange(cost.AuditReads / seconds / Caches, 0, 1.2 * (3 + 128 + 65));
        }
        finally
        {
            await Task.WhenAll(caches.Select(cache => cache.DisposeAsync().AsTask()));
        }
    }

    private static NearCacheClient Make(MemcachedProcess memcached, ZooKeeperEnsemble ensemble) => new(new NearCacheOptions
    {
        Namespace = "flood",
        Seams = { TrustFirstCount = true, MembershipSpeed = 20 },
        MaxStaleness = MaxStaleness,
        RuleLease = TimeSpan.FromSeconds(4.5),
        ChurnBreaker = false,
        Budgets = { AnnouncementsPerNamespace = Budget, Deliveries = DeliveriesBudget },
        Memcached = { Servers = { memcached.Address }, OperationTimeout = TimeSpan.FromSeconds(4) },
        ZooKeeper = { ConnectionString = ensemble.ConnectionString, SessionTimeout = SessionTimeout },
        Rules = { new RuleOptions { Name = "mistake", Match = "lock:*" } },
    });

    private static string KeyOf(int key) => string.Create(CultureInfo.InvariantCulture, $"lock:{key}");

    // All serve near, and all have joined the members and counted them; before that each assumes a large fleet.
    private static async Task ReadyAsync(NearCacheClient[] caches)
    {
        await Eventually.BecomesTrueAsync(
            () =>
                caches.All(
                    cache => cache.Snapshot() is var now
                        && now.Servers.All(server => server.IsServedNear)
                        && now.Budgets!.Members == Caches),
            "all serve near and know each other",
            TimeSpan.FromMinutes(5));
    }

    // Each key has one writer, which numbers its writes.
    private async Task WriteAsync(NearCacheClient cache, int owner, CancellationToken stop)
    {
        const int perTick = WritesPerSecond / 50;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        for (var first = 1; !stop.IsCancellationRequested; first++)
        {
            var version = first;
            await Task.WhenAll(Enumerable.Range(0, perTick).Select(async i =>
            {
                var key = owner + (Caches * (((version * perTick) + i) % (Keys / Caches)));
                await cache.SetAsync(KeyOf(key), version, cancellationToken: CancellationToken.None);
                _checkers[key].Completed(version, acknowledged: true);
                Interlocked.Increment(ref _writes);
            }));
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task ReadAsync(NearCacheClient cache, int reader, CancellationToken stop)
    {
        var random = new Random(reader);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!stop.IsCancellationRequested)
        {
            // Twice, so that the second read can be near before the next write of that key.
            var key = random.Next(Keys);
            for (var i = 0; i < 2; i++)
            {
                var sent = Stopwatch.GetTimestamp();
                var result = await cache.GetAsync<int>(KeyOf(key), CancellationToken.None);
                Interlocked.Increment(ref result.Source == CacheSource.Near ? ref _nearHits : ref _remoteReads);
                if (result.HasValue)
                {
                    _checkers[key].Read($"cache {reader}", key % Caches == reader, result.Value, result.Source, sent);
                }
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private async Task<Cost> CostAsync(MemcachedProcess memcached, ZooKeeperEnsemble ensemble)
    {
        // Every request gets one packet as its answer; all other packets are notifications.
        var notifications = 0L;
        foreach (var server in ensemble.Servers)
        {
            var mntr = (await server.AskAsync("mntr"))
                .Split('\n')
                .Select(line => line.Split('\t'))
                .Where(pair => pair.Length == 2)
                .ToDictionary(pair => pair[0], pair => pair[1]);
            notifications += Number(mntr["zk_packets_sent"]) - Number(mntr["zk_packets_received"]);
        }

        await using var observer = new MemcachedClient(new MemcachedOptions { Servers = { memcached.Address } });
        var reads = Number((await observer.Servers[0].GetStatisticsAsync())["cmd_get"]);
        return new Cost(
            await ensemble.Servers[0].LastZxidAsync(),
            notifications,
            reads - Interlocked.Read(ref _remoteReads),
            Interlocked.Read(ref _writes));
    }

    private static long Number(string text) => (long)double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>The current counters of the servers.</summary>
    private readonly record struct Cost(long Transactions, long Notifications, long AuditReads, long Writes)
    {
        public static Cost operator -(Cost after, Cost before) =>
            new(
                after.Transactions - before.Transactions,
                after.Notifications - before.Notifications,
                after.AuditReads - before.AuditReads,
                after.Writes - before.Writes);
    }
}
