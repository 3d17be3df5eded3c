using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace NearCache.Transport.Scheduling;

/// <summary>Executes work items on the thread pool, and on dedicated threads while the pool executes nothing.</summary>
/// <remarks>
/// Callers that block (<c>.Result</c>, <c>.Wait()</c>) can occupy every thread of the pool. The work that completes their calls must then
/// not wait for the pool. Each item is in a queue of this class, with a ticket for it in the pool's queue: the thread that comes first
/// takes the item. <see cref="ThreadWatchdog"/> detects that no thread comes.
/// </remarks>
internal sealed class WorkScheduler : IThreadPoolWorkItem, IWatchdogTarget
{
    private const int MaxDedicatedThreads = 8;
    private static readonly SemaphoreSlim Signal = new(0);   // wakes the dedicated threads
    private static readonly WorkScheduler Instance = new(TimeProvider.System);

    private readonly ConcurrentQueue<IThreadPoolWorkItem> _items = new();
    private readonly StarvationDetector _detector;
    private readonly Probe _probe = new();
    private readonly TimeProvider _time;
    private long _taken;
    private long _queuedAtCheck;
    private long _queued;
    private int _dedicatedThreads;
    private volatile bool _isStarved;

    static WorkScheduler() => ThreadWatchdog.Add(Instance);

    private WorkScheduler(TimeProvider time)
    {
        _time = time;
        _detector = new StarvationDetector(time.TimestampFrequency);
    }

    /// <summary>Gets the number of times the pool executed nothing for <see cref="StarvationDetector.LongMilliseconds"/>.</summary>
    public static int LongStarvations => Volatile.Read(ref Instance._detector.LongStarvations);

    /// <summary>Gets the minimum duration of a long starvation, in milliseconds.</summary>
    public static int LongStarvationMilliseconds => StarvationDetector.LongMilliseconds;

    bool IWatchdogTarget.HasWork => Volatile.Read(ref _queued) != _queuedAtCheck || !_items.IsEmpty || _isStarved;

    /// <summary>Executes an item on a thread of the pool, or on a dedicated thread while the pool is starved.</summary>
    public static void Queue(IThreadPoolWorkItem item) => Instance.Add(item);

    /// <summary>Runs an asynchronous method, from its first line, on such a thread in a <see cref="SerialWorkQueue"/> of its own.</summary>
    public static async Task RunAsync(Func<Task> method)
    {
        await SwitchToNewQueue();
        await method().ConfigureAwait(false);
    }

    /// <summary>Continues the awaiting method on such a thread in a new <see cref="SerialWorkQueue"/>.</summary>
    public static SwitchAwaiter SwitchToNewQueue() => new(new SerialWorkQueue());

    // Executes a ticket: takes the next item, which another thread may already have taken.
    void IThreadPoolWorkItem.Execute() => TryRunOne();

    bool IWatchdogTarget.Check()
    {
        var hasWorked = Volatile.Read(ref _queued) != _queuedAtCheck || !_items.IsEmpty || _isStarved;
        _queuedAtCheck = Volatile.Read(ref _queued);
        var verdict = _detector.Observe(_time.GetTimestamp(), Volatile.Read(ref _taken), !_items.IsEmpty, _probe.HasRun);
        switch (verdict)
        {
            case StarvationVerdict.Begins:
                _isStarved = true;
                _probe.Send();
                goto case StarvationVerdict.Stuck;
            case StarvationVerdict.Stuck:
                StartThread();
                break;
            case StarvationVerdict.ProbeAgain:
                _probe.Send();
                break;
            case StarvationVerdict.Ends:
                End();
                break;
        }

        return hasWorked;
    }

    private void Add(IThreadPoolWorkItem item)
    {
        _items.Enqueue(item);
        Interlocked.Increment(ref _queued);   // full fence: the item is enqueued before the two reads below
        if (_isStarved)
        {
            Signal.Release();
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        if (!ThreadWatchdog.IsAwake)
        {
            ThreadWatchdog.Wake();
        }
    }

    private bool TryRunOne()
    {
        if (!_items.TryDequeue(out var item))
        {
            return false;
        }

        Interlocked.Increment(ref _taken);
        item.Execute();
        return true;
    }

    private void StartThread()
    {
        if (Volatile.Read(ref _dedicatedThreads) < MaxDedicatedThreads)
        {
            Interlocked.Increment(ref _dedicatedThreads);
            new Thread(RunDedicated) { IsBackground = true, Name = ".NET NearCache work" }.UnsafeStart();
        }
    }

    private void RunDedicated()
    {
        while (TryRunOne() || _isStarved)
        {
            if (_items.IsEmpty && _isStarved)
            {
                Signal.Wait(TimeSpan.FromMilliseconds(100));
            }
        }

        Interlocked.Decrement(ref _dedicatedThreads);
    }

    private void End()
    {
        _isStarved = false;
        Interlocked.MemoryBarrier();

        // Items that were queued without a ticket.
        for (var count = _items.Count; count > 0; count--)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        // Releases the waiting dedicated threads, which then end.
        Signal.Release(MaxDedicatedThreads);
    }

    // Reports when the pool executes work again.
    private sealed class Probe : IThreadPoolWorkItem
    {
        private volatile bool _hasRun = true;

        public bool HasRun => _hasRun;

        public void Send()
        {
            _hasRun = false;
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        void IThreadPoolWorkItem.Execute() => _hasRun = true;
    }

    /// <summary>The awaitable, and its awaiter, that continue a method in a queue.</summary>
    public sealed class SwitchAwaiter(SerialWorkQueue queue) : IThreadPoolWorkItem, ICriticalNotifyCompletion
    {
        private Action? _continuation;

        public bool IsCompleted => false;

        public SwitchAwaiter GetAwaiter() => this;

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            _continuation = continuation;
            queue.Post(this);
        }

        public void GetResult()
        {
        }

        void IThreadPoolWorkItem.Execute() => _continuation!();
    }
}
