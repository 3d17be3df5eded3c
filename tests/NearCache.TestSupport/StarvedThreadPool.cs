namespace NearCache.TestSupport;

/// <summary>Runs code while the thread pool is starved: all of its threads are blocked, and it may not add threads.</summary>
/// <remarks>Affects the whole process: the tests that use it must not run in parallel with others.</remarks>
public static class StarvedThreadPool
{
    /// <summary>Runs an action on a dedicated thread while every thread of the pool is blocked.</summary>
    public static void Run(Action action, TimeSpan? timeout = null)
    {
        var release = new ManualResetEventSlim();   // not disposed: work items may still be about to wait for it
        Exception? failure = null;
        var isProbeExecuted = false;
        bool hasEnded;
        using (new PoolLimit())
        {
            // The test may itself run on a thread of the pool, and blocks it.
            var thread = new Thread(() => failure = Record.Exception(StarveAndRun)) { IsBackground = true };
            thread.Start();
            hasEnded = thread.Join(timeout ?? TimeSpan.FromMinutes(2));
            release.Set();
        }

        Assert.True(hasEnded, "The action waits for the thread pool.");
        Assert.Null(failure);

        void StarveAndRun()
        {
            for (var i = 0; i < 4 * Environment.ProcessorCount; i++)
            {
                ThreadPool.UnsafeQueueUserWorkItem(_ => release.Wait(), null);
            }

            // Waits behind more blocking items than the pool may have threads. The number of free threads is not asserted afterward: a
            // thread that executed other work may end, and the next one executes a blocking item.
            ThreadPool.UnsafeQueueUserWorkItem(_ => Volatile.Write(ref isProbeExecuted, true), null);
            Assert.True(SpinWait.SpinUntil(HasNoFreeThread, TimeSpan.FromMinutes(1)), "The pool has free threads.");
            action();
            Assert.False(Volatile.Read(ref isProbeExecuted), "The pool is not starved.");
        }
    }

    /// <summary>Executes a blocking call repeatedly by many tasks, which occupy all threads of the pool.</summary>
    public static void RunCallers(int callers, int callsEach, TimeSpan timeout, Action call)
    {
        using var limit = new PoolLimit();
        var done = 0;
        var tasks = Enumerable.Range(0, callers).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < callsEach; i++)
            {
                call();
            }

            Interlocked.Increment(ref done);
        })).ToArray();

        // Awaited by a dedicated thread, since the pool has none left.
        var haveEnded = false;
        var waiting = new Thread(() => haveEnded = Task.WaitAll(tasks, timeout)) { IsBackground = true };
        waiting.Start();
        waiting.Join();
        Assert.True(haveEnded, $"{done} of {callers} callers have ended.");
    }

    private static bool HasNoFreeThread()
    {
        ThreadPool.GetAvailableThreads(out var free, out _);
        return free == 0;
    }

    /// <summary>Limits the pool to one thread per processor, in addition to the threads that the test runner occupies.</summary>
    private sealed class PoolLimit : IDisposable
    {
        private readonly (int Workers, int Ports) _max;
        private readonly (int Workers, int Ports) _min;

        public PoolLimit()
        {
            ThreadPool.GetMaxThreads(out _max.Workers, out _max.Ports);
            ThreadPool.GetMinThreads(out _min.Workers, out _min.Ports);
            Assert.True(ThreadPool.SetMinThreads(1, _min.Ports));
            ThreadPool.GetAvailableThreads(out var available, out _);
            Assert.True(ThreadPool.SetMaxThreads(_max.Workers - available + Environment.ProcessorCount, _max.Ports));
        }

        public void Dispose()
        {
            ThreadPool.SetMaxThreads(_max.Workers, _max.Ports);
            ThreadPool.SetMinThreads(_min.Workers, _min.Ports);
        }
    }
}
