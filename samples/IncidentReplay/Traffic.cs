using System.Diagnostics;
using System.Globalization;
using NearCache;
using NearCache.ZooKeeper;

namespace IncidentReplay;

/// <summary>
/// The traffic of a shop: reads parameters on every page, changes one occasionally, and sets and removes a lock for every order.
/// </summary>
internal sealed class Traffic(IReadOnlyList<ICacheUnderTest> processes, int locksPerSecond)
{
    public const int Parameters = 20;
    private const int LockWorkers = 64;
    private const int ReadPause = 1;

    private long _locks;
    private long _reads;
    private long _failures;

    public long Locks => Interlocked.Read(ref _locks);

    public long Reads => Interlocked.Read(ref _reads);

    public long Failures => Interlocked.Read(ref _failures);

    public static string Parameter(int number) => string.Create(CultureInfo.InvariantCulture, $"parameter:{number % Parameters}");

    public Task RunAsync(CancellationToken stopping) => Task.WhenAll(
    [
        .. Enumerable.Range(0, LockWorkers).Select(worker => LockAsync(worker, stopping)),
        .. processes.Select(process => ReadAsync(process, stopping)),
        ChangeAsync(stopping),
    ]);

    private async Task LockAsync(int worker, CancellationToken stopping)
    {
        var clock = Stopwatch.StartNew();
        var process = processes[worker % processes.Count];
        for (var done = 0L; !stopping.IsCancellationRequested;)
        {
            var due = (long)(clock.Elapsed.TotalSeconds * locksPerSecond / LockWorkers);
            if (done >= due)
            {
                await Task.Delay(5, CancellationToken.None);
                continue;
            }

            // A loop that is late does not catch up: the missed requests are skipped.
            done = Math.Max(done + 1, due - 10);
            var key = string.Create(CultureInfo.InvariantCulture, $"lock:order-{worker}-{done}");
            await TryAsync(async () =>
            {
                await process.SetAsync(key, "held");
                await process.RemoveAsync(key);
                Interlocked.Increment(ref _locks);
            });
        }
    }

    private async Task ReadAsync(ICacheUnderTest process, CancellationToken stopping)
    {
        for (var i = 0; !stopping.IsCancellationRequested; i++)
        {
            await TryAsync(async () =>
            {
                for (var page = 0; page < Parameters; page++)
                {
                    await process.GetAsync(Parameter(page));
                }

                Interlocked.Add(ref _reads, Parameters);
            });
            await Task.Delay(ReadPause, CancellationToken.None);
        }
    }

    private async Task ChangeAsync(CancellationToken stopping)
    {
        for (var i = 0; !stopping.IsCancellationRequested; i++)
        {
            await TryAsync(() => processes[i % processes.Count].SetAsync(Parameter(i),
                string.Create(CultureInfo.InvariantCulture, $"value {i}")));
            await Task.Delay(2000, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TryAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception e) when (e is NearCacheException or ZooKeeperException)
        {
            Interlocked.Increment(ref _failures);
        }
    }
}
