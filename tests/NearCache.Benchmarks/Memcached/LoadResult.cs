using System.Diagnostics;

namespace NearCache.Benchmarks.Memcached;

/// <summary>The measurements of one round of load on a client.</summary>
/// <param name="Rate">Operations a second.</param>
/// <param name="P50">Microseconds.</param>
/// <param name="P99">Microseconds.</param>
/// <param name="BytesPerOperation">Allocated by the whole process.</param>
internal sealed record LoadResult(double Rate, double P50, double P99, double BytesPerOperation)
{
    /// <summary>Closed loop: each caller calls again when its call has completed.</summary>
    public static async Task<LoadResult> ClosedAsync<T>(int callers, TimeSpan time, Func<int, ValueTask<T>> call)
    {
        var histograms = Enumerable.Range(0, callers).Select(_ => new Histogram()).ToArray();
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var clock = Stopwatch.StartNew();
        var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(() => CallAsync(caller, histograms[caller], end, call))));
        var seconds = clock.Elapsed.TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        var all = Histogram.Sum(histograms);
        return new LoadResult(all.Count / seconds, all.Percentile(0.5), all.Percentile(0.99), (double)allocated / all.Count);
    }

    /// <summary>
    /// Open loop: callers arrive at random, whether or not earlier calls have completed. Latency counts from the scheduled arrival.
    /// </summary>
    public static async Task<LoadResult> OpenAsync<T>(double rate, TimeSpan time, Func<int, ValueTask<T>> call)
    {
        var histogram = new Histogram();
        var pending = new CountdownEvent(1);
        var random = new Random(1);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var clock = Stopwatch.StartNew();
        await Task.Factory.StartNew(
            () =>
            {
                var arrival = (double)Stopwatch.GetTimestamp();
                var end = arrival + (time.TotalSeconds * Stopwatch.Frequency);
                for (var i = 0; arrival < end; i++)
                {
                    arrival -= Math.Log(1 - random.NextDouble()) * Stopwatch.Frequency / rate;
                    while (Stopwatch.GetTimestamp() < arrival)
                    {
                        Thread.Yield();
                    }

                    pending.AddCount();
                    _ = ArriveAsync(i, (long)arrival);
                }
            },
            CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        pending.Signal();
        await Task.Run(pending.Wait);
        var seconds = clock.Elapsed.TotalSeconds;
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        return new LoadResult(
            histogram.Count / seconds, histogram.Percentile(0.5), histogram.Percentile(0.99), (double)allocated / histogram.Count);

        async Task ArriveAsync(int i, long arrival)
        {
            await call(i);
            lock (histogram)
            {
                histogram.Add(Stopwatch.GetElapsedTime(arrival));
            }

            pending.Signal();
        }
    }

    /// <summary>Makes sequential calls, and records the microseconds of each.</summary>
    public static async Task TimeAsync(int calls, List<double> times, Func<Task> call)
    {
        for (var i = 0; i < calls; i++)
        {
            var started = Stopwatch.GetTimestamp();
            await call();
            times.Add(Stopwatch.GetElapsedTime(started).TotalMicroseconds);
        }
    }

    private static async Task CallAsync<T>(int caller, Histogram histogram, long end, Func<int, ValueTask<T>> call)
    {
        var started = Stopwatch.GetTimestamp();
        while (started < end)
        {
            await call(caller);
            var now = Stopwatch.GetTimestamp();
            histogram.Add(Stopwatch.GetElapsedTime(started, now));
            started = now;
        }
    }
}
