using System.Collections.Concurrent;

namespace NearCache.Transport.Readiness;

/// <summary>One of the few threads that wait for all sockets of the process and run their callbacks inline.</summary>
/// <remarks>
/// .NET's socket engine wakes one thread, which wakes another one for every packet; a pipelined client loses a third of its time that way.
/// Here the thread that is woken also reads. This folder replaces the engine on Linux: <see cref="EpollStream"/> is its entry point.
/// </remarks>
internal sealed class EpollThread
{
    private static readonly int Count = Math.Clamp(Environment.ProcessorCount, 2, 8);
    private static readonly Lazy<int> LazyDescriptor = new(StartThreads);
    private static readonly ConcurrentDictionary<long, SocketReadiness> Sockets = new();
    private static long LastNumber;

    [ThreadStatic]
    private static EpollThread? CurrentThread;

    private int _isReplaced;

    /// <summary>
    /// Gets a value that indicates whether epoll threads exist: on Linux, unless the runtime switch <c>NearCache.UseSystemSockets</c> is
    /// on.
    /// </summary>
    public static bool IsSupported => Descriptor >= 0;

    /// <summary>Gets the epoll thread that executes this code, or null.</summary>
    public static EpollThread? Current => CurrentThread;

    /// <summary>Gets the epoll descriptor that all threads share; negative if epoll is not supported.</summary>
    public static int Descriptor => LazyDescriptor.Value;

    /// <summary>Registers a socket and returns the number by which epoll reports its events.</summary>
    public static long Register(SocketReadiness readiness)
    {
        var number = Interlocked.Increment(ref LastNumber);
        Sockets[number] = readiness;
        return number;
    }

    public static void Unregister(long number) => Sockets.TryRemove(number, out _);

    /// <summary>
    /// Starts another thread in place of this one, which is blocked in a callback. This thread ends when the callback returns.
    /// </summary>
    public void Replace()
    {
        if (Interlocked.Exchange(ref _isReplaced, 1) == 0)
        {
            new EpollThread().Start();
        }
    }

    private static int StartThreads()
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

            // Events of a socket that has been unregistered are dropped.
            if (Sockets.TryGetValue(number, out var readiness))
            {
                readiness.OnEvents(events);
            }
        }
    }
}
