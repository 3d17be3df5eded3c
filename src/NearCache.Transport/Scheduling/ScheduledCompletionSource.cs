namespace NearCache.Transport.Scheduling;

/// <summary>
/// The source of a task whose continuations run in a <see cref="SerialWorkQueue"/>, or by the <see cref="WorkScheduler"/>.
/// </summary>
/// <remarks>
/// A <see cref="TaskCompletionSource{TResult}"/> that runs continuations asynchronously queues them to the thread pool, where they may wait
/// behind callers that block on them. The task of this class completes shortly after the call that completes it, on another thread.
/// </remarks>
/// <param name="queue">The queue of the asynchronous method that awaits the task; null if the awaiting code has none.</param>
internal sealed class ScheduledCompletionSource<T>(SerialWorkQueue? queue) : IThreadPoolWorkItem
{
    private readonly TaskCompletionSource<T> _source = new();
    private T? _result;
    private CancellationToken _token;
    private bool _isCanceled;
    private int _isSet;

    /// <summary>Gets the task.</summary>
    public Task<T> Task => _source.Task;

    /// <summary>Completes the task. Returns false if it is completed or canceled already. May be called under a lock.</summary>
    public bool TrySetResult(T result)
    {
        if (Interlocked.Exchange(ref _isSet, 1) != 0)
        {
            return false;
        }

        _result = result;
        Schedule();
        return true;
    }

    /// <summary>Waits for the task; the token cancels the task itself.</summary>
    public async Task<T> WaitAsync(CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.UnsafeRegister(
            static (source, token) => ((ScheduledCompletionSource<T>)source!).Cancel(token), this);
        return await Task.ConfigureAwait(false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        if (_isCanceled)
        {
            _source.SetCanceled(_token);
        }
        else
        {
            _source.SetResult(_result!);
        }
    }

    private void Cancel(CancellationToken token)
    {
        if (Interlocked.Exchange(ref _isSet, 1) == 0)
        {
            (_isCanceled, _token) = (true, token);
            Schedule();
        }
    }

    private void Schedule()
    {
        if (queue is not null)
        {
            queue.Post(this);
        }
        else
        {
            WorkScheduler.Queue(this);
        }
    }
}
