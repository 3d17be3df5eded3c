using System.Runtime.CompilerServices;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Awaits a read. When the receive loop suspends, its thread executes the deferred work item.</summary>
/// <remarks>
/// The code of a caller therefore runs on a thread that the loop has left, while the next read is in flight. It may block without blocking
/// the loop, and no thread switch is needed. If the read completes synchronously, the loop continues and the item goes to the thread pool.
/// </remarks>
internal readonly struct ReadAwaitable(ValueTask<int> read, IConnectionListener listener) : ICriticalNotifyCompletion
{
    private readonly ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _awaiter = read.ConfigureAwait(false).GetAwaiter();

    public bool IsCompleted
    {
        get
        {
            if (!_awaiter.IsCompleted)
            {
                return false;
            }

            if (listener.TakeDeferred() is { } deferred)
            {
                ThreadPool.UnsafeQueueUserWorkItem(deferred, preferLocal: false);
            }

            return true;
        }
    }

    public ReadAwaitable GetAwaiter() => this;

    public int GetResult() => _awaiter.GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        // Taken before the continuation is registered: after that, the loop may run on another thread and use the listener.
        var deferred = listener.TakeDeferred();
        _awaiter.UnsafeOnCompleted(continuation);
        deferred?.Execute();
    }
}
