using System.Collections.Concurrent;

namespace NearCache.Transport.Scheduling;

/// <summary>Runs work items one after the other, by the <see cref="WorkScheduler"/>.</summary>
/// <remarks>
/// An asynchronous method registers what follows its wait while its callers unwind. If the wait ends before that on another thread, .NET
/// queues what follows to the thread pool, whatever the pool's state. In a lane that cannot be: the end of the wait runs when the step
/// before it has unwound.
/// </remarks>
internal sealed class SerialWorkQueue : IThreadPoolWorkItem
{
    [ThreadStatic]
    private static SerialWorkQueue? CurrentLane;

    private readonly ConcurrentQueue<IThreadPoolWorkItem> _items = new();
    private int _count;

    /// <summary>Gets the lane that runs this code, or null.</summary>
    public static SerialWorkQueue? Current => CurrentLane;

    /// <summary>Runs an item after those that were posted before.</summary>
    public void Post(IThreadPoolWorkItem item)
    {
        _items.Enqueue(item);
        if (Interlocked.Increment(ref _count) == 1)
        {
            WorkScheduler.Queue(this);
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        CurrentLane = this;
        try
        {
            do
            {
                _items.TryDequeue(out var item);
                item!.Execute();
            }
            while (Interlocked.Decrement(ref _count) > 0);
        }
        finally
        {
            CurrentLane = null;
        }
    }
}
