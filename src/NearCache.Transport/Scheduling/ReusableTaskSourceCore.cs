using System.Threading.Tasks.Sources;

namespace NearCache.Transport.Scheduling;

/// <summary>
/// The state of one reusable wait: what <see cref="ManualResetValueTaskSourceCore{TResult}"/> is, without the thread pool.
/// </summary>
/// <remarks>
/// A continuation that is registered just after the wait has ended is queued to the pool by the framework's, where it may stand behind
/// callers that wait for it. Here it goes by the <see cref="WorkScheduler"/>; one that is registered before runs on the thread that ends
/// the wait.
/// </remarks>
internal struct ReusableTaskSourceCore
{
    private static readonly Action<object?> Ended = static _ => throw new InvalidOperationException("This marks a wait that has ended.");

    private Action<object?>? _continuation;
    private object? _state;

    /// <summary>Gets the number of this use.</summary>
    public short Version { get; private set; }

    /// <summary>Makes it ready for the next use. Requires that nothing waits.</summary>
    public void Reset()
    {
        Version++;
        (_continuation, _state) = (null, null);
    }

    /// <summary>Ends the wait and runs what was registered.</summary>
    public void SetCompleted()
    {
        if (Interlocked.CompareExchange(ref _continuation, Ended, null) is { } continuation)
        {
            var state = _state;
            Volatile.Write(ref _continuation, Ended);
            continuation(state);
        }
    }

    /// <summary>Returns whether the wait has ended.</summary>
    public readonly ValueTaskSourceStatus GetStatus(short version)
    {
        Check(version);
        return ReferenceEquals(Volatile.Read(in _continuation), Ended) ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;
    }

    /// <summary>Throws unless the wait has ended.</summary>
    public readonly void GetResult(short version)
    {
        if (GetStatus(version) == ValueTaskSourceStatus.Pending)
        {
            throw new InvalidOperationException("The wait has not ended.");
        }
    }

    /// <summary>Registers what runs when the wait ends. Once for each use.</summary>
    public void OnCompleted(Action<object?> continuation, object? state, short version, ValueTaskSourceOnCompletedFlags flags)
    {
        Check(version);
        if (Continuation.In(continuation, state, flags) is { } captured)
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
        if (!ReferenceEquals(before, Ended))
        {
            throw new InvalidOperationException("Something waits already.");
        }

        WorkScheduler.Queue(new Continuation(continuation, state));
    }

    private readonly void Check(short version)
    {
        if (version != Version)
        {
            throw new InvalidOperationException("The wait is that of an earlier use.");
        }
    }

    /// <summary>A continuation with what it must run in.</summary>
    private sealed class Continuation(Action<object?> continuation, object? state) : IThreadPoolWorkItem
    {
        public static readonly Action<object?> Run = static captured => ((Continuation)captured!).Go();

        private ExecutionContext? _context;
        private SynchronizationContext? _synchronization;
        private TaskScheduler? _scheduler;

        /// <summary>Returns the continuation in what the flags ask for; null when that is nothing.</summary>
        public static Continuation? In(Action<object?> continuation, object? state, ValueTaskSourceOnCompletedFlags flags)
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

        private void Go()
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
