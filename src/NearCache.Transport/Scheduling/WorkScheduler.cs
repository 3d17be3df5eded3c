using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace NearCache.Transport.Scheduling;

/// <summary>Runs work items on the thread pool, and on threads of its own while the pool does not start them.</summary>
/// <remarks>
/// Callers that block (<c>.Result</c>, <c>.Wait()</c>) can occupy every thread of the pool. What they wait for must not wait for the pool
/// then. An item stands in a queue of its own, and a ticket for it in the pool's: the thread that comes first takes the item.
/// <see cref="ThreadWatchdog"/> finds out that none comes.
/// </remarks>
internal sealed class WorkScheduler : IThreadPoolWorkItem, IWatchdogTarget
{
    private const int MaxDedicatedThreads = 8;
    private static readonly SemaphoreSlim Signal = new(0);   // for the threads of its own
    private static readonly WorkScheduler Instance = new(TimeProvider.System);

    private readonly ConcurrentQueue<IThreadPoolWorkItem> _items = new();
    private readonly StarvationDetector _detector;
    private readonly Probe _probe = new();
    private readonly TimeProvider _time;
    private long _taken;
    private long _queuedAtLook;
    private long _queued;
    private int _dedicatedThreads;
    private volatile bool _isStarved;

    static WorkScheduler() => ThreadWatchdog.Add(Instance);

    private WorkScheduler(TimeProvider time)
    {
        _time = time;
        _detector = new StarvationDetector(time.TimestampFrequency);
    }

    /// <summary>Gets how often the pool has started nothing for <see cref="StarvationDetector.LongMilliseconds"/>.</summary>
    public static int LongStarvations => Volatile.Read(ref Instance._detector.LongStarvations);

    /// <summary>Gets what such a starvation takes at least.</summary>
    public static int LongStarvationMilliseconds => StarvationDetector.LongMilliseconds;

    bool IWatchdogTarget.HasWork => Volatile.Read(ref _queued) != _queuedAtLook || !_items.IsEmpty || _isStarved;

    /// <summary>Runs an item soon, on a thread of the pool unless the pool starts nothing.</summary>
    public static void Queue(IThreadPoolWorkItem item) => Instance.Add(item);

    /// <summary>Runs an asynchronous method from its first line on such a thread, in a <see cref="SerialWorkQueue"/> of its own.</summary>
    public static async Task RunAsync(Func<Task> method)
    {
        await new SwitchAwaiter(new SerialWorkQueue());
        await method().ConfigureAwait(false);
    }

    // A ticket: the item itself may have been taken by another thread.
    void IThreadPoolWorkItem.Execute() => TryRunOne();

    bool IWatchdogTarget.Check()
    {
        var hasWorked = Volatile.Read(ref _queued) != _queuedAtLook || !_items.IsEmpty || _isStarved;
        _queuedAtLook = Volatile.Read(ref _queued);
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
        Interlocked.Increment(ref _queued);   // a full fence: the item is there before the two questions
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

        // What was queued without a ticket.
        for (var count = _items.Count; count > 0; count--)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }

        // The threads that wait find that they are not needed.
        Signal.Release(MaxDedicatedThreads);
    }

    // Shows when the pool starts something again.
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

    private sealed class SwitchAwaiter(SerialWorkQueue lane) : IThreadPoolWorkItem, ICriticalNotifyCompletion
    {
        private Action? _continuation;

        public bool IsCompleted => false;

        public SwitchAwaiter GetAwaiter() => this;

        public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

        public void UnsafeOnCompleted(Action continuation)
        {
            _continuation = continuation;
            lane.Post(this);
        }

        public void GetResult()
        {
        }

        void IThreadPoolWorkItem.Execute() => _continuation!();
    }
}
