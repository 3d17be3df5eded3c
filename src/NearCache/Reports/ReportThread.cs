using NearCache.Reports.Core;

namespace NearCache.Reports;

/// <summary>
/// The thread of a process that measures the delay of the thread pool, and calls the publishers of all caches a few times per second.
/// </summary>
/// <remarks>
/// A thread rather than a timer, because timers run on the thread pool, whose starvation must be reported. Uses the system clock, since it
/// observes threads. It ends when there are no publishers.
/// </remarks>
internal static class ReportThread
{
    // Little: it calls publishers up to their first wait.
    private const int StackBytes = 256 * 1024;

    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(250);
    private static readonly AutoResetEvent Signal = new(initialState: false);
    private static readonly Lock Gate = new();   // guards everything below
    private static readonly ThreadPoolDelay Delay = new();
    private static Action[] Ticks = [];
    private static bool HasThread;

    /// <summary>Gets the longest time that work waited for a thread of the pool, during the last seconds.</summary>
    public static TimeSpan LongestDelay => TimeSpan.FromMilliseconds(Delay.Longest(Environment.TickCount64));

    /// <summary>Adds a publisher, and calls it at once.</summary>
    /// <param name="tick">Returns soon and throws nothing.</param>
    public static void Add(Action tick)
    {
        lock (Gate)
        {
            Ticks = [.. Ticks, tick];
            if (!HasThread)
            {
                HasThread = true;
                new Thread(Run, StackBytes) { IsBackground = true, Name = ".NET NearCache reports" }.UnsafeStart();
            }
        }

        Signal.Set();
    }

    /// <summary>Removes a publisher. A call that has begun may still run.</summary>
    public static void Remove(Action tick)
    {
        lock (Gate)
        {
            Ticks = [.. Ticks.Where(other => other != tick)];
        }

        Signal.Set();
    }

    private static void Run()
    {
        while (true)
        {
            Action[] ticks;
            lock (Gate)
            {
                ticks = Ticks;
                if (ticks.Length == 0)
                {
                    HasThread = false;
                    return;
                }
            }

            if (Delay.TryQueue(Environment.TickCount64))
            {
                ThreadPool.UnsafeQueueUserWorkItem(static _ => Delay.Ran(Environment.TickCount64), null);
            }

            foreach (var tick in ticks)
            {
                tick();
            }

            Signal.WaitOne(Period);
        }
    }
}
