using System.Text;
using NearCache.Coherence.Core;
using NearCache.HotKeys;
using NearCache.Near;

namespace NearCache.Benchmarks.HotKeys;

/// <summary>The CPU time that counting by key adds to a remote read. The duration of the read itself is not part of it.</summary>
internal static class TrafficSuite
{
    private const int KeyCount = 100_000;
    private const int Reads = 1_000_000;

    public static Task RunAsync(Report report)
    {
        // Ten thousand keys take nine tenths of the reads, and most reads replace a key of the table.
        Measure(report, "read/one-prefix", i => $"product:{Skewed(i):00000000}", isSampled: false, "<=200 ns");
        Measure(report, "read/three-prefixes", i => $"shop:de:product:{Skewed(i):00000000}", isSampled: false, "<=200 ns");
        if (!report.IsQuick)
        {
            Measure(report, "read/six-prefixes", i => $"a:b:c:d:e:f:{Skewed(i):00000000}", isSampled: false);
            Measure(report, "read/hot", i => $"product:{i % 100:00000000}", isSampled: false);
        }

        Measure(report, "read/three-prefixes/sampled", i => $"shop:de:product:{Skewed(i):00000000}", isSampled: true, "<=200 ns");
        return Task.CompletedTask;
    }

    private static int Skewed(int i) => i % 10 == 0 ? i : i * 7919 % 10_000;

    private static void Measure(Report report, string name, Func<int, string> key, bool isSampled, string? aim = null)
    {
        var keys = Enumerable.Range(0, KeyCount).Select(key).ToArray();
        new Random(1).Shuffle(keys);
        var hashes = Array.ConvertAll(keys, text => KeyHash.Of(Encoding.UTF8.GetBytes(text)));
        using var traffic = new KeyTraffic(
            TimeSpan.FromMinutes(1), new NearClock(TimeProvider.System), new StandingTime(), near: null, Random.Shared);

        // Until tiered compilation has finished.
        for (var i = 0; i < 50; i++)
        {
            Run(traffic, hashes, keys, Reads / 20, isSampled);
        }

        var (rounds, touches, touched) = (new List<double>(), new List<double>(), 0);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < report.Rounds; round++)
        {
            var start = Environment.CpuUsage.TotalTime;
            Run(traffic, hashes, keys, Reads, isSampled);
            rounds.Add((Environment.CpuUsage.TotalTime - start).TotalNanoseconds / Reads);

            // The keys come from memory here; a read has just encoded its key.
            start = Environment.CpuUsage.TotalTime;
            touched += Touch(hashes, keys, Reads);
            touches.Add((Environment.CpuUsage.TotalTime - start).TotalNanoseconds / Reads);
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        report.Note($"{name}: reading the keys from memory alone takes {Report.Median(touches):0} ns of it ({touched & 1})");
        report.Figure(
            name, "ns/op", Report.Median(rounds) - Report.Median(touches), aim: aim, bytesPerOp: (double)(allocated / 1000) / Reads);
    }

    // As the path of a read does: it is counted, and some are measured. Every read reaches the sketch while no period has too many.
    private static void Run(KeyTraffic traffic, KeyHash[] hashes, string[] keys, int reads, bool isSampled)
    {
        for (var i = 0; i < reads; i++)
        {
            if (i % (isSampled ? Reads / 20 : KeyTraffic.MaxSampled - 1) == 0)
            {
                traffic.Tick();
            }

            var at = i % KeyCount;
            traffic.Read(hashes[at], keys[at], isCovered: false);
            var began = traffic.Begin(keys[at]);
            traffic.End(hashes[at], keys[at], began);
            traffic.Received(hashes[at], keys[at], bytes: 100);
        }
    }

    private static int Touch(KeyHash[] hashes, string[] keys, int reads)
    {
        var sum = 0;
        for (var i = 0; i < reads; i++)
        {
            var at = i % KeyCount;
            sum += (int)hashes[at].Value + keys[at][0] + keys[at][^1];
        }

        return sum;
    }

    // Real timestamps, and timers that never fire.
    private sealed class StandingTime : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
