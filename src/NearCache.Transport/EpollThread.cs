using System.Collections.Concurrent;

namespace NearCache.Transport;

/// <summary>One of the few threads that wait for all sockets of the process, and let listeners go on by themselves.</summary>
/// <remarks>
/// The system's own way wakes one thread that wakes another one for every packet, whether anybody waits for it or not, and costs a
/// pipelined client a third of its time. Here the thread that is woken reads.
/// </remarks>
internal sealed class EpollThread
{
    private static readonly int Count = Math.Clamp(Environment.ProcessorCount, 2, 8);
    private static readonly Lazy<int> LazyList = new(Begin);
    private static readonly ConcurrentDictionary<long, SocketReadiness> Sockets = new();
    private static long LastNumber;

    [ThreadStatic]
    private static EpollThread? CurrentThread;

    private int _isReplaced;

    /// <summary>Whether there are such threads: on Linux, unless the runtime switch <c>NearCache.UseSystemSockets</c> is on.</summary>
    public static bool IsSupported => List >= 0;

    /// <summary>The one that runs this code, or null.</summary>
    public static EpollThread? Current => CurrentThread;

    /// <summary>What the threads wait for; negative if there are none.</summary>
    public static int List => LazyList.Value;

    /// <summary>From now on what happens to the returned number is told to <paramref name="readiness"/>.</summary>
    public static long Add(SocketReadiness readiness)
    {
        var number = Interlocked.Increment(ref LastNumber);
        Sockets[number] = readiness;
        return number;
    }

    public static void Remove(long number) => Sockets.TryRemove(number, out _);

    /// <summary>This thread is stuck in a listener: another takes its place, and this one ends when it comes back.</summary>
    public void Replace()
    {
        if (Interlocked.Exchange(ref _isReplaced, 1) == 0)
        {
            new EpollThread().Start();
        }
    }

    private static int Begin()
    {
        if (!OperatingSystem.IsLinux()
            || (AppContext.TryGetSwitch("NearCache.UseSystemSockets", out var isSystem) && isSystem)
            || !Epoll.TryCreate(out var list))
        {
            return -1;
        }

        for (var i = 0; i < Count; i++)
        {
            new EpollThread().Start(list);
        }

        return list;
    }

    private void Start() => Start(List);

    private void Start(int list) => new Thread(() => Run(list)) { IsBackground = true, Name = ".NET NearCache" }.UnsafeStart();

    private void Run(int list)
    {
        CurrentThread = this;
        while (Volatile.Read(ref _isReplaced) == 0)
        {
            Epoll.Wait(list, out var events, out var number);

            // What is not there any more was closed meanwhile.
            if (Sockets.TryGetValue(number, out var readiness))
            {
                readiness.Happened(events);
            }
        }
    }
}
