using System.Diagnostics;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;

namespace NearCache.Benchmarks.Coherence;

/// <summary>
/// The time from the return of SetAsync until another process no longer serves the old value, beside the minimum of ZooKeeper: setData,
/// notification, getData.
/// </summary>
internal static class InvalidationLatency
{
    private const string Key = "product:1";

    // Before each measurement, also of the baseline, so that both find idle servers.
    private static readonly TimeSpan Apart = TimeSpan.FromMilliseconds(200);

    public static async Task MeasureAsync(Report report, MemcachedProcess memcached, ZooKeeperEnsemble ensemble)
    {
        var changes = report.IsQuick ? 10 : 100;
        await using var writer = Caches.Make("latency", memcached.Address, ensemble.ConnectionString);
        await using var reader = Caches.Make("latency", memcached.Address, ensemble.ConnectionString);
        await Caches.WarmUpAsync(Key, writer, reader);
        await Caches.JoinAsync();
        await using var floor = await BareClientRoundTrip.StartAsync(ensemble.ConnectionString);

        var (values, baselines) = (new List<double>(), new List<double>());
        for (var round = 0; round < report.Rounds; round++)
        {
            for (var change = 0; change < changes; change++)
            {
                await Task.Delay(Apart, TimeProvider.System);
                values.Add(await OnceAsync(writer, reader, $"idle {round} {change}"));
                await Task.Delay(Apart, TimeProvider.System);
                baselines.Add(await floor.OnceAsync());
            }
        }

        Print(report, "invalidate/idle", values, baselines, "<=1.5");
        if (report.IsQuick)
        {
            return;
        }

        values.Clear();
        baselines.Clear();
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(LoadAsync(writer, stop.Token), LoadAsync(reader, stop.Token));
        for (var change = 0; change < changes; change++)
        {
            values.Add(await OnceAsync(writer, reader, $"busy {change}"));
            await Task.Delay(TimeSpan.FromSeconds(0.5), TimeProvider.System);
            baselines.Add(await floor.OnceAsync());
            await Task.Delay(TimeSpan.FromSeconds(0.5), TimeProvider.System);
        }

        await stop.CancelAsync();
        await load;
        Print(report, "invalidate/busy", values, baselines, null);
    }

    public static async Task MeasureWithoutZooKeeperAsync(Report report, MemcachedProcess memcached)
    {
        var changes = report.IsQuick ? 8 : 50;
        await using var writer = Caches.Make("without", memcached.Address, "");
        await using var reader = Caches.Make("without", memcached.Address, "");
        await Caches.WarmUpAsync(Key, writer, reader);
        var values = new List<double>();
        for (var change = 0; change < changes; change++)
        {
            await reader.GetAsync<string>(Key);
            values.Add(await OnceAsync(writer, reader, $"without {change}") / 1000);
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(100)), TimeProvider.System);
        }

        report.Figure("invalidate/no-zookeeper/p99", "ms", Caches.Quantile(values, 0.99), aim: "<=1500");
        report.Note($"without ZooKeeper p50 {Caches.Quantile(values, 0.5):0} ms over {changes} changes");
    }

    // A polling thread observes both, so that the observation costs the same for both.
    private static async Task<double> OnceAsync(NearCacheClient writer, NearCacheClient reader, string value)
    {
        while ((await reader.GetAsync<string>(Key)).Source != CacheSource.Near)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        await writer.SetAsync(Key, value);
        var returned = Stopwatch.GetTimestamp();
        Task<CacheResult<string>> read;
        while ((read = reader.GetAsync<string>(Key).AsTask()).IsCompletedSuccessfully && (await read).Value != value)
        {
            Thread.Yield();
        }

        // A near hit completes at once. A call that does not complete goes to memcached: the old value is gone.
        var took = Stopwatch.GetElapsedTime(returned).TotalMicroseconds;
        return (await read).Value == value ? took : throw new InvalidOperationException("The old value was read from memcached.");
    }

    private static async Task LoadAsync(NearCacheClient cache, CancellationToken cancellationToken)
    {
        // 1,000 reads a second, ten at a time.
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!cancellationToken.IsCancellationRequested)
        {
            for (var i = 0; i < 10; i++)
            {
                await cache.GetAsync<string>(Key, CancellationToken.None);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static void Print(Report report, string name, List<double> values, List<double> baselines, string? aim)
    {
        report.Figure($"{name}/p50", "us", Caches.Quantile(values, 0.5), Caches.Quantile(baselines, 0.5), aim);
        report.Figure($"{name}/p99", "us", Caches.Quantile(values, 0.99), Caches.Quantile(baselines, 0.99));
    }

    /// <summary>Two bare sessions and one node.</summary>
    private sealed class BareClientRoundTrip : IAsyncDisposable
    {
        private const string Path = "/floor";
        private readonly ZooKeeperClient _writer;
        private readonly ZooKeeperClient _reader;
        private volatile int _seen = -1;
        private int _version;

        private BareClientRoundTrip(string servers)
        {
            _writer = new ZooKeeperClient(servers);
            _reader = new ZooKeeperClient(servers);
        }

        public static async Task<BareClientRoundTrip> StartAsync(string servers)
        {
            var floor = new BareClientRoundTrip(servers);
            await floor._writer.CreateAsync(Path, new byte[100], ZNodeMode.Persistent);
            await floor._reader.SyncAsync(Path);
            await floor.ReadAsync();
            return floor;
        }

        public async Task<double> OnceAsync()
        {
            var version = ++_version;
            var started = Stopwatch.GetTimestamp();
            var write = _writer.SetDataAsync(Path, new byte[100]);
            while (_seen < version)
            {
                Thread.Yield();
            }

            var took = Stopwatch.GetElapsedTime(started).TotalMicroseconds;
            await write;
            return took;
        }

        public async ValueTask DisposeAsync()
        {
            await _reader.DisposeAsync();
            await _writer.DisposeAsync();
        }

        private async Task ReadAsync()
        {
            var data = await _reader.GetDataAsync(Path, change =>
            {
                if (!change.IsFinal)
                {
                    _ = ReadAsync();
                }
            });
            _seen = data.Stat.Version;
        }
    }
}
