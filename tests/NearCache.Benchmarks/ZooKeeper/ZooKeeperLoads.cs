using System.Diagnostics;
using NearCache.ZooKeeper;

namespace NearCache.Benchmarks.ZooKeeper;

/// <summary>The loads of both clients, the same as those of Comparison.java.</summary>
internal sealed class ZooKeeperLoads(ZooKeeperClient client, ZooKeeperClient other)
{
    private const int Depth = 256;

    /// <summary>The node that is written.</summary>
    public const string Path = "/net";

    private static readonly byte[] Data = new byte[100];

    public async Task PrepareAsync()
    {
        if (await client.ExistsAsync(Path) is null)
        {
            await client.CreateAsync(Path, Data);
        }
    }

    /// <summary>Operations per second, 256 outstanding; and the bytes allocated by each.</summary>
    public async Task<(double Rate, double Bytes)> PipelinedAsync(double seconds, bool set)
    {
        var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        var allocated = GC.GetTotalAllocatedBytes(precise: true);
        var start = Stopwatch.GetTimestamp();
        var counts = await Task.WhenAll(Enumerable.Range(0, Depth).Select(_ => set ? SetAsync(end) : GetAsync(end)));
        var took = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (counts.Sum() / took, (GC.GetTotalAllocatedBytes(precise: true) - allocated) / (double)counts.Sum());
    }

    /// <summary>p50 and p99 in µs of sequential setData calls.</summary>
    public async Task<double[]> SequentialAsync(double seconds)
    {
        var taken = new List<double>();
        var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        for (var now = Stopwatch.GetTimestamp(); now < end; now = Stopwatch.GetTimestamp())
        {
            await client.SetDataAsync(Path, Data);
            taken.Add(Stopwatch.GetElapsedTime(now).TotalMicroseconds);
        }

        return Percentiles(taken);
    }

    /// <summary>p50 and p99 in µs from a setData to the data in another session that watches.</summary>
    public async Task<double[]> WatchedAsync(double seconds)
    {
        var taken = new List<double>();
        var read = new SemaphoreSlim(0);
        Action<WatchEvent> watch = null!;
        watch = async _ =>
        {
            await other.GetDataAsync(Path, watch);
            read.Release();
        };
        await other.GetDataAsync(Path, watch);
        var end = Stopwatch.GetTimestamp() + (long)(seconds * Stopwatch.Frequency);
        for (var now = Stopwatch.GetTimestamp(); now < end; now = Stopwatch.GetTimestamp())
        {
            var write = client.SetDataAsync(Path, Data);
            await read.WaitAsync();
            taken.Add(Stopwatch.GetElapsedTime(now).TotalMicroseconds);
            await write;
        }

        await other.RemoveWatchesAsync(Path);
        return Percentiles(taken);
    }

    private static double[] Percentiles(List<double> taken)
    {
        taken.Sort();
        return [taken[taken.Count / 2], taken[(int)(taken.Count * 0.99)]];
    }

    private async Task<long> SetAsync(long end)
    {
        long count = 0;
        for (; Stopwatch.GetTimestamp() < end; count++)
        {
            await client.SetDataAsync(Path, Data);
        }

        return count;
    }

    private async Task<long> GetAsync(long end)
    {
        long count = 0;
        for (; Stopwatch.GetTimestamp() < end; count++)
        {
            await client.GetDataAsync(Path);
        }

        return count;
    }
}
