using System.Threading.Tasks.Sources;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Wakes one waiting loop, either through the thread pool, which lets more work accumulate for the loop, or inline on the caller's thread.
/// </summary>
internal sealed class AsyncSignal : IValueTaskSource, IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Waited = 1;
    private const int Signaled = 2;
    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state;

    /// <summary>Waits for <see cref="Set"/>. Completes at once if it was called since the last wait.</summary>
    public ValueTask WaitAsync()
    {
        _source.Reset();
        if (Interlocked.CompareExchange(ref _state, Waited, Idle) == Signaled)
        {
            Volatile.Write(ref _state, Idle);
            return ValueTask.CompletedTask;
        }

        return new ValueTask(this, _source.Version);
    }

    /// <summary>Wakes the loop.</summary>
    /// <param name="runInline">Whether the loop runs on this thread until it waits again.</param>
    public void Set(bool runInline = false)
    {
        if (Interlocked.Exchange(ref _state, Signaled) == Waited)
        {
            Volatile.Write(ref _state, Idle);
            if (runInline)
            {
                Execute();
                return;
            }

            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    public void Execute() => _source.SetResult(true);

    public void GetResult(short token) => _source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
