using System.Diagnostics;
using NearCache.TestSupport.Servers;

namespace NearCache.Benchmarks.Coherence;

/// <summary>20 processes that write 10,000 near keys a second by mistake: the load on ZooKeeper.</summary>
internal sealed class WriteFlood : IAsyncDisposable
{
    private const int Processes = 20;
    private const double Budget = 20;
    private readonly ZooKeeperEnsemble _ensemble;
    private readonly MemcachedProcess _memcached;
    private readonly NearCacheClient[] _caches;

    private WriteFlood(ZooKeeperEnsemble ensemble, MemcachedProcess memcached)
    {
        (_ensemble, _memcached) = (ensemble, memcached);
        _caches = [.. Enumerable.Range(0, Processes)
            .Select(
                _ =>
                    Caches.Make(
                        "flood",
                        memcached.Address,
                        ensemble.ConnectionString,
                        options => options.Budgets.AnnouncementsPerNamespace = Budget))];
    }

    public static async Task<WriteFlood> StartAsync(ZooKeeperEnsemble ensemble)
    {
        var flood = new WriteFlood(ensemble, await MemcachedProcess.StartNewAsync("-c", "200"));
        await Caches.WarmUpAsync("product:1", flood._caches[0]);
        return flood;
    }

    /// <summary>Call it when all have joined: see <see cref="Caches.JoinAsync"/>.</summary>
    public async Task MeasureAsync(Report report)
    {
        using var stop = new CancellationTokenSource();
        var written = 0L;
        var writers = _caches.Select(cache => WriteAsync(cache, () => Interlocked.Increment(ref written), stop.Token)).ToArray();

        // Waits until each process has used its accumulated token.
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        Interlocked.Exchange(ref written, 0);
        var before = await _ensemble.Servers[0].LastZxidAsync();
        var started = Stopwatch.GetTimestamp();
        await Task.Delay(TimeSpan.FromSeconds(report.IsQuick ? 5 : 20), TimeProvider.System);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var transactions = (await _ensemble.Servers[0].LastZxidAsync()) - before;
        await stop.CancelAsync();
        await Task.WhenAll(writers);
        report.Note($"flood: {written / seconds:0} matched writes/s by {Processes} processes");
        report.Figure("zookeeper-transactions/flood", "tx/s", transactions / seconds, Budget, "<=1");
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_caches.Select(cache => cache.DisposeAsync().AsTask()));
        await _memcached.DisposeAsync();
    }

    private static async Task WriteAsync(NearCacheClient cache, Action written, CancellationToken cancellationToken)
    {
        const int perSecond = 500;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!cancellationToken.IsCancellationRequested)
        {
            var writes = Enumerable.Range(0, perSecond / 50)
                .Select(_ => cache.SetAsync($"product:{Random.Shared.Next(1000)}", "new", cancellationToken: CancellationToken.None));
            await Task.WhenAll(writes);
            for (var i = 0; i < perSecond / 50; i++)
            {
                written();
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
