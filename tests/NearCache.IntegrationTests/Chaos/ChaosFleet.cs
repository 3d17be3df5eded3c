using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NearCache.TestSupport;
using NearCache.TestSupport.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Chaos;

/// <summary>
/// Processes of one namespace that read and write without a pause, each with its own session, whose health is checked permanently. All
/// their clocks run faster.
/// </summary>
internal sealed class ChaosFleet : IAsyncDisposable
{
    public const int Announcements = 10;
    public const int Deliveries = 40;
    private readonly MemcachedProcess _memcached;
    private readonly MeterRecorder _meters = new();
    private readonly NearCacheDetailedHealthCheck[] _checks;
    private readonly CancellationTokenSource _ending = new();
    private readonly ConcurrentQueue<(string Since, string Process)> _lies = new();
    private volatile string? _mustNotBeHealthy;
    private Task[] _loops = [];
    private int _writes;

    public ChaosFleet(int processes, MemcachedProcess memcached, ChaosEnvironment world, TimeProvider time)
    {
        (_memcached, Time) = (memcached, time);
        Logs = [.. Enumerable.Range(0, processes).Select(_ => new LogRecorder())];
        Caches = [.. Logs.Select(log => new NearCacheClient(Options(world), log, _meters, time))];
        _checks = [.. Caches.Select(cache => new NearCacheDetailedHealthCheck(cache))];
    }

    public TimeProvider Time { get; }

    public NearCacheClient[] Caches { get; }

    public LogRecorder[] Logs { get; }

    public int Writes => _writes;

    /// <summary>Sessions that were created.</summary>
    public long Sessions => (long)_meters.Sum("nearcache.zookeeper.sessions.opened", "kind=made");

    /// <summary>Sessions that were resumed on another connection.</summary>
    public long Resumed => (long)_meters.Sum("nearcache.zookeeper.sessions.opened", "kind=resumed");

    /// <summary>The times at which a process was wrongly Healthy.</summary>
    public IReadOnlyCollection<(string Since, string Process)> Lies => _lies;

    /// <summary>The reason why no process may be Healthy from now on; null if it may.</summary>
    public string? MustNotBeHealthy
    {
        get => _mustNotBeHealthy;
        set => _mustNotBeHealthy = value;
    }

    public void Start() => _loops = [.. Caches.Select((cache, i) => Task.Run(() => LoadAsync(cache, i))), Task.Run(WatchHealthAsync)];

    /// <summary>Log lines about ZooKeeper, of the cache and of its client.</summary>
    public (int OfCache, int OfClient) Lines =>
        (Logs.Sum(log => log.Ids.Count(id => id is >= 1400 and < 1500)), Logs.Sum(log => log.Ids.Count(id => id is >= 3000 and < 4000)));

    /// <summary>The health description of each process.</summary>
    public async Task<HealthCheckResult[]> HealthAsync() =>
        await Task.WhenAll(_checks.Select(check => check.CheckHealthAsync(new HealthCheckContext())));

    /// <summary>The problems that the processes report; empty if there are none.</summary>
    public async Task<IEnumerable<string>> ProblemsAsync() =>
    [
        .. (await HealthAsync()).Where(health => health.Status != HealthStatus.Healthy).Select(
            health => $"{health.Status}: {health.Description}"),
        .. Caches.Select(cache => cache.Snapshot().Budgets!.Members).Where(members => members != Caches.Length).Select(
            members => string.Create(CultureInfo.InvariantCulture, $"a process counts {members} members")),
    ];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Task.WhenAll(Caches.Select(cache => cache.DisposeAsync().AsTask()));
        _ending.Dispose();
        _meters.Dispose();
    }

    /// <summary>Ends the load.</summary>
    public async Task StopAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_loops);
    }

    private NearCacheOptions Options(ChaosEnvironment world)
    {
        var options = new NearCacheOptions
        {
            Namespace = "chaos",
            ChurnBreaker = false,
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        options.Memcached.Servers.Add(_memcached.Address);
        (
            options.Budgets.AnnouncementsPerProcess,
            options.Budgets.AnnouncementsPerNamespace,
            options.Budgets.Deliveries) = (5, Announcements, Deliveries);
        options.ZooKeeper.ConnectionString = world.Ensemble.ConnectionString + ChaosEnvironment.Chroot;
        options.ZooKeeper.CreateChroot = true;
        options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(6);
        if (Time is AcceleratedTime)
        {
            // A long timeout, so that a busy machine does not look like a dead server.
            options.MaxStaleness = TimeSpan.FromMinutes(2);
            options.RuleLease = TimeSpan.FromSeconds(70);
            options.AuditInterval = TimeSpan.FromSeconds(2);
            options.Memcached.OperationTimeout = options.Memcached.ConnectTimeout = TimeSpan.FromSeconds(60);
            (options.ZooKeeper.SessionTimeout, options.ZooKeeper.LivenessTimeout) = (TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(60));
            options.ZooKeeper.ConnectTimeout = TimeSpan.FromSeconds(20);
            options.ZooKeeper.RequestTimeout = TimeSpan.FromSeconds(60);
        }

        return options;
    }

    private async Task LoadAsync(NearCacheClient cache, int process)
    {
        var random = new Random(process);
        while (!_ending.IsCancellationRequested)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"product:{random.Next(40)}");
            try
            {
                await cache.GetAsync<string>(key);
                await cache.SetAsync(key, "value");
                Interlocked.Increment(ref _writes);
            }
            catch (NearCacheException)
            {
                // memcached is not under test here.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, _ending.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task WatchHealthAsync()
    {
        while (!_ending.IsCancellationRequested)
        {
            var before = MustNotBeHealthy;
            var health = await HealthAsync();
            if (before is not null && before == MustNotBeHealthy)
            {
                for (var i = 0; i < health.Length; i++)
                {
                    if (health[i].Status == HealthStatus.Healthy)
                    {
                        _lies.Enqueue((before, $"process {i}"));
                    }
                }
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, _ending.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
