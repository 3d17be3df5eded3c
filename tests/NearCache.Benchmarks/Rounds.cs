using System.Diagnostics;

namespace NearCache.Benchmarks;

/// <summary>Measures one round of something.</summary>
internal static class Rounds
{
    private static int Sink;

    /// <summary>Runs all by turns until the code is compiled as well as it gets.</summary>
    public static void WarmUp(params Func<int>[] all)
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(1.5))
        {
            foreach (var one in all)
            {
                Sink += one();
            }

            Thread.Yield();
        }
    }

    /// <summary>Nanoseconds an operation, over about 100 ms.</summary>
    public static double Nanoseconds(Func<int> work, int operations)
    {
        var runs = 0;
        var clock = Stopwatch.StartNew();
        while (clock.ElapsedMilliseconds < 100)
        {
            Sink += work();
            runs++;
        }

        return clock.Elapsed.TotalNanoseconds / runs / operations;
    }

    /// <summary>Nanoseconds an operation of what can be done only once.</summary>
    public static double NanosecondsOnce(Action work, int operations)
    {
        var clock = Stopwatch.StartNew();
        work();
        return clock.Elapsed.TotalNanoseconds / operations;
    }

    /// <summary>Operations a second of two threads together.</summary>
    public static double PerSecondOfTwo(Func<int> work, int operations)
    {
        var total = 0L;
        using var start = new Barrier(2);
        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(() =>
        {
            start.SignalAndWait();
            var clock = Stopwatch.StartNew();
            var runs = 0L;
            while (clock.Elapsed < TimeSpan.FromMilliseconds(300))
            {
                Interlocked.Add(ref Sink, work());
                runs++;
            }

            Interlocked.Add(ref total, (long)(runs * operations / clock.Elapsed.TotalSeconds));
        })).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        return total;
    }

    /// <summary>By how much the heap is larger after <paramref name="fill"/>.</summary>
    public static double BytesHeldBy(Action fill)
    {
        var before = GC.GetTotalMemory(forceFullCollection: true);
        fill();
        return GC.GetTotalMemory(forceFullCollection: true) - before;
    }
}
