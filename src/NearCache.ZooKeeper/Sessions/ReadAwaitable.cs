using System.Runtime.CompilerServices;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>Awaits a read; once the loop that awaits it is suspended, the thread runs what the messages before brought about.</summary>
/// <remarks>
/// A caller's code then runs on a thread that the loop has left, with the next read under way: it may block for ever without stopping the
/// loop, and no thread had to be woken for it. If the read completes at once, the loop goes on and the thread pool gets what there is to
/// run.
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
        // Taken before: when the loop goes on, on another thread, the listener is its own again.
        var deferred = listener.TakeDeferred();
        _awaiter.UnsafeOnCompleted(continuation);
        deferred?.Execute();
    }
}
