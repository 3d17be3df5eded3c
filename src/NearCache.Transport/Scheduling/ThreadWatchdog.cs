namespace NearCache.Transport.Scheduling;

/// <summary>Something whose threads can be stuck, looked at by <see cref="ThreadWatchdog"/>.</summary>
internal interface IWatchdogTarget
{
    /// <summary>Gets whether there was work since the last look.</summary>
    bool HasWork { get; }

    /// <summary>
    /// Looks whether something is stuck, and lets another thread go on with it. Returns whether there was work since the last look. Must
    /// not block.
    /// </summary>
    bool Check();
}

/// <summary>A thread that looks every few milliseconds for work that is stuck, as long as there is any work.</summary>
/// <remarks>
/// A thread and not a timer: timers run on the thread pool, which may be what is stuck. By the system's clock whatever clock a client has,
/// since this is about threads.
/// </remarks>
internal static class ThreadWatchdog
{
    private const int QuietLooks = 50;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(2);
    private static readonly AutoResetEvent Signal = new(initialState: false);
    private static readonly Lock Gate = new();   // guards everything below
    private static readonly List<IWatchdogTarget> Watched = [];
    private static bool HasThread;
    private static int Quiet;

    /// <summary>
    /// Gets whether it looks. Read without the lock, by what has set its <see cref="IWatchdogTarget.HasWork"/> before, with a full fence
    /// between.
    /// </summary>
    public static bool IsAwake { get; private set; }

    /// <summary>Looks after one more.</summary>
    public static void Add(IWatchdogTarget watched)
    {
        lock (Gate)
        {
            Watched.Add(watched);
            if (!HasThread)
            {
                HasThread = true;
                new Thread(Run) { IsBackground = true, Name = ".NET NearCache watch" }.UnsafeStart();
            }
        }
    }

    /// <summary>Looks after one less.</summary>
    public static void Remove(IWatchdogTarget watched)
    {
        lock (Gate)
        {
            Watched.Remove(watched);
        }
    }

    /// <summary>Work begins after it has gone to sleep.</summary>
    public static void Wake()
    {
        lock (Gate)
        {
            Quiet = 0;
            if (!IsAwake)
            {
                IsAwake = true;
                Signal.Set();
            }
        }
    }

    private static void Run()
    {
        while (true)
        {
            Signal.WaitOne(Look() ? Period : Timeout.InfiniteTimeSpan);
        }
    }

    private static bool Look()
    {
        lock (Gate)
        {
            if (!IsAwake)
            {
                return false;
            }

            var isQuiet = true;
            foreach (var watched in Watched)
            {
                isQuiet &= !watched.Check();
            }

            Quiet = isQuiet ? Quiet + 1 : 0;
            if (Quiet > QuietLooks)
            {
                // Work that began before it could see that nothing looks any more is seen here.
                IsAwake = false;
                Interlocked.MemoryBarrier();
                IsAwake = Watched.Exists(static watched => watched.HasWork);
            }

            return IsAwake;
        }
    }
}
