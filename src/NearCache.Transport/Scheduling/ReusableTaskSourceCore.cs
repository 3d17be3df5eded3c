using System.Threading.Tasks.Sources;

namespace NearCache.Transport.Scheduling;

/// <summary>
/// The core of a reusable task source: <see cref="ManualResetValueTaskSourceCore{TResult}"/> without its use of the thread pool.
/// </summary>
/// <remarks>
/// The framework's core queues a continuation that is registered after completion to the thread pool, where it may wait behind callers that
/// block on it. This core queues it to the <see cref="WorkScheduler"/>. A continuation that is registered before completion runs on the
/// completing thread.
/// </remarks>
internal struct ReusableTaskSourceCore
{
    private static readonly Action<object?> Completed = static _ =>
        throw new InvalidOperationException("This delegate marks a completed wait and is never invoked.");

    private Action<object?>? _continuation;
    private object? _state;

    /// <summary>Gets the version of the current use.</summary>
    public short Version { get; private set; }

    /// <summary>Prepares the next use. Requires that no wait is pending.</summary>
    public void Reset()
    {
        Version++;
        (_continuation, _state) = (null, null);
    }

    /// <summary>Completes the wait and runs the registered continuation.</summary>
    public void SetCompleted()
    {
        if (Interlocked.CompareExchange(ref _continuation, Completed, null) is { } continuation)
        {
            var state = _state;
            Volatile.Write(ref _continuation, Completed);
            continuation(state);
        }
    }

    /// <summary>Returns the status of the wait.</summary>
    public readonly ValueTaskSourceStatus GetStatus(short version)
    {
        Check(version);
        return ReferenceEquals(Volatile.Read(in _continuation), Completed)
            ? ValueTaskSourceStatus.Succeeded
            : ValueTaskSourceStatus.Pending;
    }

    /// <summary>Throws unless the wait has completed.</summary>
    public readonly void GetResult(short version)
    {
        if (GetStatus(version) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The wait has not completed.");
        }
    }

    /// <summary>Registers the continuation. Called once per use.</summary>
    public void OnCompleted(Action<object?> continuation, object? state, short version, ValueTaskSourceOnCompletedFlags flags)
    {
        Check(version);
        if (Continuation.TryCapture(continuation, state, flags) is { } captured)
        {
            (continuation, state) = (Continuation.Run, captured);
        }

        _state = state;
        var before = Interlocked.CompareExchange(ref _continuation, continuation, null);
        if (before is null)
        {
            return;
        }

        _state = null;
        if (!ReferenceEquals(before, Completed))
        {
            throw new InvalidOperationException("A continuation is already registered.");
        }

        WorkScheduler.Queue(new Continuation(continuation, state));
    }

    private readonly void Check(short version)
    {
        if (version != Version)
        {
            throw new InvalidOperationException("The token belongs to an earlier use.");
        }
    }

    /// <summary>A continuation with its captured execution context and scheduler.</summary>
    private sealed class Continuation(Action<object?> continuation, object? state) : IThreadPoolWorkItem
    {
        public static readonly Action<object?> Run = static captured => ((Continuation)captured!).InvokeOnScheduler();

        private ExecutionContext? _context;
        private SynchronizationContext? _synchronization;
        private TaskScheduler? _scheduler;

        /// <summary>Captures what the flags require; returns null if nothing must be captured.</summary>
        public static Continuation? TryCapture(Action<object?> continuation, object? state, ValueTaskSourceOnCompletedFlags flags)
        {
            var context = (flags & ValueTaskSourceOnCompletedFlags.FlowExecutionContext) != 0 ? ExecutionContext.Capture() : null;
            SynchronizationContext? synchronization = null;
            TaskScheduler? scheduler = null;
            if ((flags & ValueTaskSourceOnCompletedFlags.UseSchedulingContext) != 0)
            {
                synchronization = SynchronizationContext.Current is { } current && current.GetType() != typeof(SynchronizationContext)
                    ? current
                    : null;
                scheduler = synchronization is null && TaskScheduler.Current != TaskScheduler.Default ? TaskScheduler.Current : null;
            }

            return context is null && synchronization is null && scheduler is null
                ? null
                : new Continuation(continuation, state) { _context = context, _synchronization = synchronization, _scheduler = scheduler };
        }

        void IThreadPoolWorkItem.Execute() => continuation(state);

        private void InvokeOnScheduler()
        {
            if (_synchronization is not null)
            {
                _synchronization.Post(static captured => ((Continuation)captured!).Invoke(), this);
            }
            else if (_scheduler is not null)
            {
                _ = Task.Factory.StartNew(
                    static captured => ((Continuation)captured!).Invoke(),
                    this,
                    CancellationToken.None,
                    TaskCreationOptions.DenyChildAttach,
                    _scheduler);
            }
            else
            {
                Invoke();
            }
        }

        private void Invoke()
        {
            if (_context is null)
            {
                continuation(state);
            }
            else
            {
                ExecutionContext.Run(_context, static captured => ((Continuation)captured!).InvokeBare(), this);
            }
        }

        private void InvokeBare() => continuation(state);
    }
}
