using System.Diagnostics;
using System.Globalization;
using NearCache.Memcached.Tests.Faults;
using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests;

/// <summary>Full load for as many minutes as <c>NEARCACHE_SOAK</c> says: nothing grows.</summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int Callers = 128;

    [Fact]
    public async Task Under_full_load_heap_handles_threads_and_connections_stay_what_they_were()
    {
        var setting = Environment.GetEnvironmentVariable("NEARCACHE_SOAK");
        Assert.SkipWhen(string.IsNullOrEmpty(setting), "a soak takes minutes: set NEARCACHE_SOAK to how many");
        var minutes = int.Parse(setting!, CultureInfo.InvariantCulture);
        await using var server = await MemcachedProcess.StartNewAsync("-m", "256");
        await using var client = new MemcachedClient(FaultLoad.Options(server.Address));
        using var stop = new CancellationTokenSource();
        var answered = new long[Callers];
        var failed = 0;
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(caller))).ToArray();

        var marks = new List<Mark>();
        for (var minute = 1; minute <= minutes; minute++)
        {
            await Task.Delay(TimeSpan.FromMinutes(1), TimeProvider.System);
            marks.Add(Mark.Take(server.Port, answered.Sum()));
            output.WriteLine($"[FIGURE] soak minute {minute} | {marks[^1]} | failed {failed}");
        }

        await stop.CancelAsync();
        await Task.WhenAll(callers);
        var (first, last) = (marks[0], marks[^1]);
        Assert.InRange(last.Heap, 0, first.Heap * 1.1);
        Assert.InRange(last.Handles, first.Handles - 5, first.Handles + 5);
        Assert.InRange(last.Threads, 1, first.Threads + 5);
        Assert.Equal((1, 1), (first.Connections, last.Connections));

        async Task CallAsync(int caller)
        {
            var random = new Random(caller);
            var value = new byte[4096];
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    var key = $"soak:{random.Next(20_000)}";
                    await (random.Next(4) == 0
                        ? (Task)client.SetAsync(key, value.AsMemory(0, random.Next(10) == 0 ? 4096 : 100)).AsTask()
                        : client.GetAsync(key).AsTask());
                    answered[caller]++;
                }
                catch (MemcachedException)
                {
                    Interlocked.Increment(ref failed);
                }
            }
        }
    }

    private sealed record Mark(long Heap, int Handles, int Threads, int Connections, long Operations)
    {
        public static Mark Take(int port, long operations)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            using var process = Process.GetCurrentProcess();
            return new Mark(
                GC.GetTotalMemory(forceFullCollection: true),
                Directory.GetFiles("/proc/self/fd").Length,
                process.Threads.Count,
                TcpTable.EstablishedTo(port),
                operations);
        }

        public override string ToString() => string.Create(
            CultureInfo.InvariantCulture,
            $"heap after collection {Heap / 1024} KiB, handles {Handles}, threads {Threads}, connections {Connections}, {Operations} "
                + $"operations");
    }
}
