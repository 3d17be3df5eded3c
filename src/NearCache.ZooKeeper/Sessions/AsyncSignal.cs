using System.Threading.Tasks.Sources;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Wakes one waiting loop: on the thread pool, behind what is queued there, so that what the loop shall collect has time to come together;
/// or at once.
/// </summary>
internal sealed class AsyncSignal : IValueTaskSource, IThreadPoolWorkItem
{
    private const int Idle = 0;
    private const int Waited = 1;
    private const int Signaled = 2;
    private ManualResetValueTaskSourceCore<bool> _source;
    private int _state;

    /// <summary>Waits for <see cref="Set"/>, or returns at once if it was called since the last wait.</summary>
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

    /// <summary>Lets the loop go on.</summary>
    /// <param name="runInline">On this thread, until it waits again: when nothing is worth waiting for.</param>
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
