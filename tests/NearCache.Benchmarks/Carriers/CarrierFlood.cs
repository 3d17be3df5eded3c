using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using NearCache.Benchmarks.Coherence;
using NearCache.RabbitMq;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Carriers;

/// <summary>
/// 20 caches that write 10,000 near keys a second by mistake, with RabbitMQ as the carrier: what it carries, what it costs, and whether the
/// bound holds.
/// </summary>
internal static class CarrierFlood
{
    private const int Processes = 20;
    private const int PerSecond = 10_000 / Processes;
    private const string Checked = "product:checked";
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(5) + TimeSpan.FromMilliseconds(50);

    public static async Task MeasureAsync(Report report, RabbitMqProcess broker)
    {
        await using var memcached = await MemcachedProcess.StartNewAsync("-c", "200");
        var caches = Enumerable.Range(0, Processes).Select(_ => Caches.Make(
            "flood", memcached.Address, "", options => options.UseRabbitMq(new RabbitMqOptions { Hosts = { broker.Address } }))).ToArray();
        await Caches.WarmUpAsync(Checked, caches[0]);
        while (caches.Any(cache => cache.Snapshot().Carriers[0].Members < Processes))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        using var stop = new CancellationTokenSource();
        var written = 0L;
        var writers = caches.Select(cache => WriteAsync(cache, () => Interlocked.Increment(ref written), stop.Token)).ToArray();
        var check = new Check();
        var checking = check.RunAsync(caches, stop.Token);
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        Interlocked.Exchange(ref written, 0);
        var before = Counts(caches);
        var (usedByBroker, usedHere) = (CpuOf(broker.ProcessId), Process.GetCurrentProcess().TotalProcessorTime);
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(report.IsQuick ? 5 : 20), TimeProvider.System);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var counts = Counts(caches);
        (usedByBroker, usedHere) = (CpuOf(broker.ProcessId) - usedByBroker, Process.GetCurrentProcess().TotalProcessorTime - usedHere);
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        await checking;

        var (messages, bytes) = (counts.Messages - before.Messages, counts.Bytes - before.Bytes);
        report.Figure("flood/writes", "writes/s", written / seconds, aim: ">=9000");
        report.Figure("flood/messages", "messages/s", messages / seconds, aim: "<=1000");
        report.Figure("flood/bytes-per-write", "B", (double)bytes / written);
        report.Figure("flood/broker-cpu-per-write", "us", usedByBroker.TotalMicroseconds / written);
        report.Figure("flood/caches-cpu-per-write", "us", usedHere.TotalMicroseconds / written);
        report.Figure("flood/oldest-near-hit", "ms", check.Oldest.TotalMilliseconds, aim: "<=5050");
        report.Note($"{check.Hits:N0} near hits checked during the flood, {check.Violations} violations; dropped messages "
            + $"{counts.Failed - before.Failed}, shed {counts.Shed - before.Shed}");
        foreach (var cache in caches)
        {
            await cache.DisposeAsync();
        }
    }

    private static (long Messages, long Bytes, long Failed, long Shed) Counts(NearCacheClient[] caches)
    {
        var carriers = caches.Select(cache => cache.Snapshot()).ToArray();
        return (
            carriers.Sum(snapshot => snapshot.Carriers[0].Sent),
            carriers.Sum(snapshot => snapshot.Connections.Where(one => one.Kind == CacheConnectionKind.Broker).Sum(one => one.BytesSent)),
            carriers.Sum(snapshot => snapshot.Carriers[0].Failed),
            carriers.Sum(snapshot => snapshot.Carriers[0].Shed));
    }

    // man 5 proc: the 14th and 15th fields are the times in user and kernel mode, in ticks of 10 ms.
    private static TimeSpan CpuOf(int process)
    {
        var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{process}/stat"));
        var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return TimeSpan.FromMilliseconds(
            10 * (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)));
    }

    private static async Task WriteAsync(NearCacheClient cache, Action written, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAll(Enumerable.Range(0, PerSecond / 50).Select(async _ =>
            {
                await cache.SetAsync($"product:{Random.Shared.Next(1000)}", "new", cancellationToken: CancellationToken.None);
                written();
            }));
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    /// <summary>One key with one writer: each near hit is compared with the writes that had returned before.</summary>
    private sealed class Check
    {
        private readonly ConcurrentDictionary<long, long> _returned = new();
        private long _newest;

        public long Hits { get; private set; }

        public int Violations { get; private set; }

        public TimeSpan Oldest { get; private set; }

        public async Task RunAsync(NearCacheClient[] caches, CancellationToken cancellationToken)
        {
            await caches[0].SetAsync(Checked, 0L, cancellationToken: CancellationToken.None);
            var reading = ReadAsync(caches[^1], cancellationToken);
            while (!cancellationToken.IsCancellationRequested)
            {
                var value = _newest + 1;
                await caches[0].SetAsync(Checked, value, cancellationToken: CancellationToken.None);
                _returned[value] = Stopwatch.GetTimestamp();
                Interlocked.Exchange(ref _newest, value);
                await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(200)), TimeProvider.System, CancellationToken.None);
            }

            await reading;
        }

        private async Task ReadAsync(NearCacheClient cache, CancellationToken cancellationToken)
        {
            while (!cancellationToken.IsCancellationRequested)
            {
                for (var i = 0; i < 20; i++)
                {
                    var called = Stopwatch.GetTimestamp();
                    var read = await cache.GetAsync<long>(Checked, CancellationToken.None);
                    if (read.Source == CacheSource.Near)
                    {
                        Hits++;
                        if (_returned.TryGetValue(read.Value + 1, out var replaced) && replaced < called)
                        {
                            var age = Stopwatch.GetElapsedTime(replaced, called);
                            Oldest = age > Oldest ? age : Oldest;
                            Violations += age > Bound ? 1 : 0;
                        }
                    }
                }

                await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System, CancellationToken.None);
            }
        }
    }
}
