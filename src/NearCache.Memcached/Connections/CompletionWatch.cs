namespace NearCache.Memcached.Connections;

/// <summary>Looks every few milliseconds for read loops whose thread is stuck in a caller's code, as long as there are any that read.</summary>
/// <remarks>By the system's clock whatever clock the client has: this is about threads.</remarks>
internal static class CompletionWatch
{
    private const int QuietLooks = 50;
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(2);
    private static readonly Lock Gate = new();   // guards everything below
    private static readonly List<ReadLoop> Loops = [];
    private static ITimer? Timer;
    private static int Quiet;

    /// <summary>The loop lets callers go on on its own thread from now on.</summary>
    public static void Add(ReadLoop loop)
    {
        lock (Gate)
        {
            Loops.Add(loop);
            Timer ??= TimeProvider.System.CreateTimer(static _ => Look(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    public static void Remove(ReadLoop loop)
    {
        lock (Gate)
        {
            Loops.Remove(loop);
        }
    }

    /// <summary>A loop begins to work after the watch has gone to sleep.</summary>
    public static void Wake()
    {
        lock (Gate)
        {
            Quiet = 0;
            if (!IsAwake)
            {
                IsAwake = true;
                Timer!.Change(Period, Period);
            }
        }
    }

    /// <summary>Whether it looks. Read without the lock, by who has said before that he works.</summary>
    public static bool IsAwake { get; private set; }

    private static void Look()
    {
        lock (Gate)
        {
            var isQuiet = true;
            foreach (var loop in Loops)
            {
                isQuiet &= !loop.Inspect();
            }

            Quiet = isQuiet ? Quiet + 1 : 0;
            if (Quiet <= QuietLooks)
            {
                return;
            }

            // A loop that began before it could see that nobody looks any more is seen here.
            IsAwake = false;
            Interlocked.MemoryBarrier();
            if (Loops.Exists(static loop => loop.HasWorked))
            {
                IsAwake = true;
            }
            else
            {
                Timer!.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
