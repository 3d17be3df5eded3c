namespace NearCache.Transport.Scheduling;

/// <summary>A component whose threads can block, checked by <see cref="ThreadWatchdog"/>.</summary>
internal interface IWatchdogTarget
{
    /// <summary>Gets a value that indicates whether there was work since the last check.</summary>
    bool HasWork { get; }

    /// <summary>
    /// Detects blocked work and moves it to another thread. Returns whether there was work since the last check. Must not block.
    /// </summary>
    bool Check();
}

/// <summary>A thread that checks every few milliseconds for blocked work, while there is any work.</summary>
/// <remarks>
/// A thread rather than a timer, because timers run on the thread pool, which may be what is blocked. Uses the system clock regardless of
/// the client's clock, since it observes threads.
/// </remarks>
internal static class ThreadWatchdog
{
    private const int QuietChecks = 50;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(2);
    private static readonly AutoResetEvent Signal = new(initialState: false);
    private static readonly Lock Gate = new();   // guards the list and the start of the thread
    private static readonly List<IWatchdogTarget> Targets = [];
    private static bool HasThread;
    private static volatile int Quiet;
    private static volatile bool IsChecking;

    /// <summary>
    /// Gets a value that indicates whether the thread is checking. Read without the lock, after the reader has set its
    /// <see cref="IWatchdogTarget.HasWork"/> and executed a full fence.
    /// </summary>
    public static bool IsAwake => IsChecking;

    /// <summary>Adds a target.</summary>
    public static void Add(IWatchdogTarget target)
    {
        lock (Gate)
        {
            Targets.Add(target);
            if (!HasThread)
            {
                HasThread = true;
                new Thread(Run) { IsBackground = true, Name = ".NET NearCache watch" }.UnsafeStart();
            }
        }
    }

    /// <summary>Removes a target.</summary>
    public static void Remove(IWatchdogTarget target)
    {
        lock (Gate)
        {
            Targets.Remove(target);
        }
    }

    /// <summary>Wakes the thread after work has begun.</summary>
    /// <remarks>Takes no lock: the caller may hold a lock for which a check waits.</remarks>
    public static void Wake()
    {
        Quiet = 0;
        if (!IsChecking)
        {
            IsChecking = true;
            Signal.Set();
        }
    }

    private static void Run()
    {
        while (true)
        {
            Signal.WaitOne(CheckAll() ? Period : Timeout.InfiniteTimeSpan);
        }
    }

    private static bool CheckAll()
    {
        lock (Gate)
        {
            if (!IsChecking)
            {
                return false;
            }

            var isQuiet = true;

            // By index: a check may be the first code to use the WorkScheduler, which then adds itself.
            for (var i = 0; i < Targets.Count; i++)
            {
                isQuiet &= !Targets[i].Check();
            }

            Quiet = isQuiet ? Quiet + 1 : 0;
            if (Quiet > QuietChecks)
            {
                // Sees work that began before its thread could observe that IsAwake is false. Never written to false afterward, since
                // another thread may have called Wake meanwhile.
                IsChecking = false;
                Interlocked.MemoryBarrier();
                if (Targets.Exists(static target => target.HasWork))
                {
                    IsChecking = true;
                }
            }

            return IsChecking;
        }
    }
}
