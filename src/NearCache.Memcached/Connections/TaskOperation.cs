using NearCache.Memcached.Diagnostics;

namespace NearCache.Memcached.Connections;

/// <summary>
/// An operation whose caller awaits a task. It ends once: with its result, with an exception, or because the caller stops waiting; the
/// reply is read all the same.
/// </summary>
/// <param name="settings">The settings of the server.</param>
/// <param name="number">The index of the command in <see cref="CommandNames.All"/>.</param>
/// <param name="started">A timestamp of <see cref="ServerMetrics.GetTimestamp"/>.</param>
internal abstract class TaskOperation<T>(ConnectionSettings settings, int number, long started) : Operation
{
    // Continuations run where the source is completed.
    private readonly TaskCompletionSource<T> _completion = new();
    private CancellationTokenRegistration _registration;
    private T? _result;
    private string? _error;
    private Exception? _exception;
    private CancellationToken _token;
    private int _unansweredCount;
    private long _endedAt;
    private int _isEnded;

    /// <summary>Gets the task that completes when the operation has ended.</summary>
    public Task<T> Completion => _completion.Task;

    public override bool HasWaiter => HasTimeout && !HasEnded;

    /// <summary>Gets a value that indicates whether the operation timeout applies.</summary>
    protected virtual bool HasTimeout => true;

    /// <summary>Gets a value that indicates whether the caller has its result or no longer waits.</summary>
    protected bool HasEnded => Volatile.Read(ref _isEnded) != 0;

    protected ConnectionSettings Settings => settings;

    /// <summary>Gets the number of commands without a reply.</summary>
    protected abstract int Unanswered { get; }

    /// <summary>Lets the token cancel the wait for the replies. Called once, after the operation was queued.</summary>
    public void CancelByToken(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _token = cancellationToken;
            _registration = cancellationToken.UnsafeRegister(static operation => ((TaskOperation<T>)operation!).Cancel(), this);
            if (HasEnded)
            {
                _registration.Unregister();
            }
        }
    }

    public override void Fail(ConnectionFailure failure, bool outcomeUnknown)
    {
        if (TryEnd())
        {
            EndWithException(failure.ToException(Name, outcomeUnknown));
        }
    }

    public override bool ExpireIfQueuedBy(int tick, ConnectionSettings settings)
    {
        if (Tick - tick > 0)
        {
            return false;
        }

        if (HasTimeout && TryEnd())
        {
            EndWithException(new MemcachedTimeoutException(
                settings.Server, Name, outcomeUnknown: true, nameof(MemcachedOptions.OperationTimeout), settings.Options.OperationTimeout));
        }

        return true;
    }

    public override void Complete()
    {
        try
        {
            Measure();
        }
        finally
        {
            CompleteTask();
        }
    }

    /// <summary>Ends the operation with its result, which is an error of the server if <paramref name="error"/> is not null.</summary>
    protected AcceptResult EndWithResult(T result, long now, string? error = null)
    {
        if (!TryEnd())
        {
            return AcceptResult.Completed;
        }

        (_result, _endedAt, _error) = (result, now, error);
        return AcceptResult.CompletedWithWaiter;
    }

    private bool TryEnd() => Interlocked.Exchange(ref _isEnded, 1) == 0;

    private void Cancel()
    {
        if (TryEnd())
        {
            EndWithException(new OperationCanceledException(_token));
        }
    }

    // Queued, since listeners to metrics are application code, and this thread may hold the connection's lock.
    private void EndWithException(Exception exception)
    {
        (_exception, _unansweredCount) = (exception, Unanswered);
        QueueCompletion();
    }

    private void Measure()
    {
        if (_exception is not null)
        {
            settings.Metrics.RecordFailure(number, _unansweredCount, started, ErrorTypes.Of(_exception));
        }
        else if (_error is not null)
        {
            settings.Metrics.RecordDuration(number, started, _endedAt, _error);
        }
        else
        {
            settings.Metrics.RecordDuration(number, started, _endedAt);
        }
    }

    private void CompleteTask()
    {
        _registration.Unregister();
        if (_exception is OperationCanceledException)
        {
            _completion.TrySetCanceled(_token);
        }
        else if (_exception is not null)
        {
            _completion.TrySetException(_exception);

            // Marks the exception as observed: the caller may no longer wait.
            _ = _completion.Task.Exception;
        }
        else
        {
            _completion.TrySetResult(_result!);
        }
    }
}
