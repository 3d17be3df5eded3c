using System.Collections.Concurrent;

namespace NearCache.Transport.Scheduling;

/// <summary>Executes work items one at a time, in order, by the <see cref="WorkScheduler"/>.</summary>
/// <remarks>
/// An asynchronous method registers its continuation while its callers unwind. If the wait completes before that on another thread, .NET
/// queues the continuation to the thread pool, whatever the pool's state. In this queue the completion executes only after the step before
/// it has unwound.
/// </remarks>
internal sealed class SerialWorkQueue : IThreadPoolWorkItem
{
    [ThreadStatic]
    private static SerialWorkQueue? CurrentQueue;

    private readonly ConcurrentQueue<IThreadPoolWorkItem> _items = new();
    private int _count;

    /// <summary>Gets the queue that executes this code, or null.</summary>
    public static SerialWorkQueue? Current => CurrentQueue;

    /// <summary>Executes an item after all items posted before it.</summary>
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
        CurrentQueue = this;
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
            CurrentQueue = null;
        }
    }
}
