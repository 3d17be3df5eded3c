using System.Diagnostics;
using System.Diagnostics.Metrics;
using NearCache.Benchmarks.Coherence;
using NearCache.RabbitMq;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Carriers;

/// <summary>
/// The writes a second of different near keys that a carrier takes to the other processes with its default budgets. Beyond, announcements
/// are dropped, or overwritten before they are read, and audits find the changes.
/// </summary>
internal static class CarrierLimit
{
    private const int Keys = 20_000;
    private static readonly int[] Rates = [50, 100, 200, 350, 500, 750, 1_000, 1_500, 2_000, 3_500, 5_000, 7_500, 10_000, 15_000, 20_000];
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(4);

    public static async Task MeasureAsync(Report report, ZooKeeperEnsemble ensemble, RabbitMqProcess broker)
    {
        foreach (var writers in new[] { 1, 20 })
        {
            await MeasureAsync(report, "zookeeper", writers, options => options.ZooKeeper.ConnectionString = ensemble.ConnectionString);
            await MeasureAsync(
                report, "rabbitmq", writers, options => options.UseRabbitMq(new RabbitMqOptions { Hosts = { broker.Address } }));
        }
    }

    private static async Task MeasureAsync(Report report, string carrier, int writers, Action<NearCacheOptions> configure)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync("-c", "200");
        var caches = Enumerable.Range(0, writers + 1)
            .Select(_ => Caches.Make($"limit-{carrier}-{writers}", memcached.Address, "", configure)).ToArray();
        await Caches.WarmUpAsync("product:0", caches[0]);
        while (caches.Any(cache => cache.Snapshot().Carriers[0].Members != caches.Length))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        using var outcomes = new Outcomes();
        var (carried, all) = (0d, 0d);
        foreach (var rate in Rates)
        {
            // What the burst of the budgets carries is over after the first part.
            _ = await WriteAsync(caches[1..], rate);
            var before = (outcomes.Dropped, outcomes.Received);
            var written = await WriteAsync(caches[1..], rate);
            var heard = (outcomes.Received - before.Received) / (written * Step.TotalSeconds);
            all = Math.Max(all, heard);
            report.Note($"{carrier}, {writers} writers, {written:N0} writes/s: {heard / all:P0} heard, "
                + $"{outcomes.Dropped - before.Dropped:N0} dropped in {Step.TotalSeconds:0} s");
            if (heard < 0.95 * all || written < rate * 0.9)
            {
                break;
            }

            carried = written;
        }

        report.Figure($"limit/{carrier}/{writers}-writers", "writes/s", carried);
        foreach (var cache in caches)
        {
            await cache.DisposeAsync();
        }
    }

    // Returns the writes a second.
    private static async Task<double> WriteAsync(NearCacheClient[] writers, int rate)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var (started, written) = (Stopwatch.GetTimestamp(), 0L);
        while (Stopwatch.GetElapsedTime(started) < Step)
        {
            var due = (long)(Stopwatch.GetElapsedTime(started).TotalSeconds * rate) - written;
            await Task.WhenAll(Enumerable.Range(0, (int)due).Select(number => writers[(written + number) % writers.Length].SetAsync(
                $"product:{(written + number) % Keys}", "new", cancellationToken: CancellationToken.None)));
            written += due;
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return written / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private sealed class Outcomes : IDisposable
    {
        private readonly MeterListener _listener = new();
        private long _received;
        private long _dropped;

        public Outcomes()
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "nearcache.announcements")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((_, keys, tags, _) =>
            {
                foreach (var tag in tags)
                {
                    _ = tag.Value switch
                    {
                        "received" => Interlocked.Add(ref _received, keys),
                        "dropped" => Interlocked.Add(ref _dropped, keys),
                        _ => 0,
                    };
                }
            });
            _listener.Start();
        }

        public long Received => Interlocked.Read(ref _received);

        public long Dropped => Interlocked.Read(ref _dropped);

        public void Dispose() => _listener.Dispose();
    }
}
