using System.Collections.Concurrent;

namespace NearCache.Transport.Readiness;

/// <summary>One of the few threads that wait for all sockets of the process, and let listeners go on by themselves.</summary>
/// <remarks>
/// The system's own way wakes one thread that wakes another one for every packet, whether anybody waits for it or not, and costs a
/// pipelined client a third of its time. Here the thread that is woken reads.
/// </remarks>
internal sealed class EpollThread
{
    private static readonly int Count = Math.Clamp(Environment.ProcessorCount, 2, 8);
    private static readonly Lazy<int> LazyDescriptor = new(Begin);
    private static readonly ConcurrentDictionary<long, SocketReadiness> Sockets = new();
    private static long LastNumber;

    [ThreadStatic]
    private static EpollThread? CurrentThread;

    private int _isReplaced;

    /// <summary>Whether there are such threads: on Linux, unless the runtime switch <c>NearCache.UseSystemSockets</c> is on.</summary>
    public static bool IsSupported => Descriptor >= 0;

    /// <summary>The one that runs this code, or null.</summary>
    public static EpollThread? Current => CurrentThread;

    /// <summary>What the threads wait for; negative if there are none.</summary>
    public static int Descriptor => LazyDescriptor.Value;

    /// <summary>From now on what happens to the returned number is told to <paramref name="readiness"/>.</summary>
    public static long Register(SocketReadiness readiness)
    {
        var number = Interlocked.Increment(ref LastNumber);
        Sockets[number] = readiness;
        return number;
    }

    public static void Unregister(long number) => Sockets.TryRemove(number, out _);

    /// <summary>This thread is stuck in a callback: another takes its place, and this one ends when it comes back.</summary>
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
            || !Epoll.TryCreate(out var descriptor))
        {
            return -1;
        }

        for (var i = 0; i < Count; i++)
        {
            new EpollThread().Start(descriptor);
        }

        return descriptor;
    }

    private void Start() => Start(Descriptor);

    private void Start(int descriptor) => new Thread(() => Run(descriptor)) { IsBackground = true, Name = ".NET NearCache" }.UnsafeStart();

    private void Run(int descriptor)
    {
        CurrentThread = this;
        while (Volatile.Read(ref _isReplaced) == 0)
        {
            Epoll.Wait(descriptor, out var events, out var number);

            // What is not there any more was closed meanwhile.
            if (Sockets.TryGetValue(number, out var readiness))
            {
                readiness.OnEvents(events);
            }
        }
    }
}
