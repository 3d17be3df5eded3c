using System.Collections.Concurrent;
using System.Diagnostics;
using NearCache.ZooKeeper;

namespace IncidentReplay;

/// <summary>
/// Simulates a service registry that shares the ensemble: updates its own node twenty times a second, and measures the latency.
/// </summary>
internal sealed class CoTenant : IAsyncDisposable
{
    private const string Node = "/registry-co-tenant";
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    private readonly ZooKeeperClient _zooKeeper;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<double> _times = new();
    private Task _loop = Task.CompletedTask;
    private long _transactions;

    private CoTenant(ZooKeeperClient zooKeeper) => _zooKeeper = zooKeeper;

    /// <summary>The number of its own transactions, to subtract them from the ensemble's.</summary>
    public long Transactions => Interlocked.Read(ref _transactions);

    public static async Task<CoTenant> StartAsync(string zooKeeper)
    {
        var coTenant = new CoTenant(new ZooKeeperClient(new ZooKeeperOptions { ConnectionString = zooKeeper }));
        await coTenant._zooKeeper.CreateAsync(Node, null, ZNodeMode.Ephemeral);
        coTenant._loop = coTenant.RunAsync();
        return coTenant;
    }

    /// <summary>The latencies since the last call, in milliseconds.</summary>
    public double[] Take()
    {
        var taken = new List<double>();
        while (_times.TryDequeue(out var time))
        {
            taken.Add(time);
        }

        return [.. taken];
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _zooKeeper.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Period);
        while (await timer.WaitForNextTickAsync(_stopping.Token))
        {
            var clock = Stopwatch.StartNew();
            Interlocked.Increment(ref _transactions);
            await _zooKeeper.SetDataAsync(Node, "alive"u8.ToArray());
            _times.Enqueue(clock.Elapsed.TotalMilliseconds);
        }
    }
}
