using System.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// Two caches over one memcached and one source of growing numbers. The first writes, both read without a pause, and every read is checked.
/// </summary>
internal sealed class OutageFixture : IAsyncDisposable
{
    public static readonly TimeSpan MaxStaleness = TimeSpan.FromSeconds(3);
    private const int Keys = 8;
    private readonly MemcachedProcess _memcached;
    private readonly ZooKeeperProcess _zooKeeper;
    private readonly NearCacheClient[] _caches;
    private readonly long[] _nearHits = new long[2];
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task[] _loops;
    private long _reads;
    private int _version;

    private OutageFixture(MemcachedProcess memcached, ZooKeeperProcess zooKeeper, bool holdGateOpen)
    {
        _memcached = memcached;
        _zooKeeper = zooKeeper;
        _caches = [Make(holdGateOpen), Make(holdGateOpen)];
        _loops = [WriteAsync(), ReadAsync(0), ReadAsync(1)];
    }

    public StalenessChecker Checker { get; } = new(MaxStaleness);

    public long Reads => Interlocked.Read(ref _reads);

    public static async Task<OutageFixture> StartAsync(bool holdGateOpen = false) =>
        new(await MemcachedProcess.StartNewAsync(), await ZooKeeperProcess.StartNewAsync(), holdGateOpen);

    /// <summary>Waits until both caches have served near since the call, and then for <paramref name="time"/> more.</summary>
    public async Task ServeNearAsync(TimeSpan time)
    {
        var before = Hits();
        await Eventually.BecomesTrueAsync(
            () => Faulted() || Hits().Zip(before, (now, then) => now > then).All(more => more), "both caches serve near");
        await Task.Delay(time, TimeProvider.System);
    }

    public long NearHits => Hits().Sum();

    /// <summary>
    /// Completes current writes, kills memcached while both caches serve near values, and continues to write. These writes replace near
    /// values without an announcement.
    /// </summary>
    public async Task KillMemcachedBetweenWritesAsync()
    {
        await _writing.WaitAsync();
        try
        {
            await ServeNearAsync(TimeSpan.FromSeconds(1));
            _memcached.Kill();
        }
        finally
        {
            _writing.Release();
        }
    }

    public void KillMemcached() => _memcached.Kill();

    public Task RestartMemcachedAsync() => _memcached.StartAsync();

    /// <summary>Ends the loops, and throws the exception of a loop: no read may throw.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_loops);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var cache in _caches)
        {
            await cache.DisposeAsync();
        }

        await _memcached.DisposeAsync();
        await _zooKeeper.DisposeAsync();
        _stopping.Dispose();
        _writing.Dispose();
    }

    private static string KeyOf(int number) => $"product:{number % Keys}";

    private bool Faulted() => _loops.Any(loop => loop.IsFaulted);

    private long[] Hits() => [Interlocked.Read(ref _nearHits[0]), Interlocked.Read(ref _nearHits[1])];

    private NearCacheClient Make(bool holdGateOpen)
    {
        var options = new NearCacheOptions
        {
            Namespace = "outage",
            MaxStaleness = MaxStaleness,
            Seams = { HoldGateOpen = holdGateOpen },
            ChurnBreaker = false,
            Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
        };
        options.Memcached.Servers.Add(_memcached.Address);
        options.ZooKeeper.ConnectionString = _zooKeeper.Address;
        options.ZooKeeper.SessionTimeout = TimeSpan.FromSeconds(4);
        return new NearCacheClient(options);
    }

    // The source is slow enough for a write to happen between its read and its answer.
    private async ValueTask<int> SourceAsync(CancellationToken cancellationToken)
    {
        var version = Volatile.Read(ref _version);
        await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellationToken);
        return version;
    }

    private async Task WriteAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            await _writing.WaitAsync(_stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            try
            {
                var version = _version + 1;
                Volatile.Write(ref _version, version);
                Checker.Completed(version, await TellAsync());
            }
            finally
            {
                _writing.Release();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    /// <summary>Removes all keys, with retries until it succeeds or no server can hold an old value.</summary>
    private async Task<bool> TellAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            var wasDead = !_memcached.IsRunning;
            try
            {
                await _caches[0].RemoveManyAsync(Enumerable.Range(0, Keys).Select(KeyOf));
                return true;
            }
            catch (NearCacheException)
            {
                if (wasDead && !_memcached.IsRunning)
                {
                    return false;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }
        }

        return false;
    }

    private async Task ReadAsync(int process)
    {
        for (var i = 0; !_stopping.IsCancellationRequested; i++)
        {
            var sent = Stopwatch.GetTimestamp();
            var read = await _caches[process].GetOrCreateResultAsync(KeyOf(i), SourceAsync);
            Checker.Read(process == 0 ? "the writer" : "the other", process == 0, read.Value, read.Source, sent);
            Interlocked.Increment(ref _reads);
            if (read.Source == CacheSource.Near)
            {
                Interlocked.Increment(ref _nearHits[process]);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }
    }
}
