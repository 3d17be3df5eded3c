using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NearCache.ZooKeeper.Diagnostics;

namespace NearCache.ZooKeeper.Watches;

/// <summary>
/// Delivers events to handlers and results to callers on the thread pool, so that a caller is notified of a change before it reads the
/// change.
/// </summary>
/// <remarks>
/// <para>
/// Events and results arrive in the order of the connection. While handlers of an event run, later results are held back for at most the
/// grace period. After that the results are released, and the handler is overdue. No code of a caller runs in the receive loop, so no
/// handler can block it.
/// </para>
/// <para>
/// <see cref="NotifyHandler"/>, <see cref="CompleteOperation"/>, <see cref="TakeDeferred"/> and <see cref="Flush"/> are called only by the
/// receive loop, or by the session loop while no receive loop runs.
/// </para>
/// </remarks>
internal sealed class CallbackScheduler : IDisposable
{
    private readonly Lock _lock = new();   // guards _held, _running and _round
    private readonly Queue<IThreadPoolWorkItem> _held = new();
    private readonly ConditionalWeakTable<Action<WatchEvent>, HandlerQueue> _mailboxes = [];
    private readonly TimeSpan _grace;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private int _running;
    private int _round;
    private IThreadPoolWorkItem? _deferred;   // accessed only by the receive loop

    public CallbackScheduler(TimeSpan grace, TimeProvider time, ILogger logger)
    {
        (_grace, _logger) = (grace, logger);
        _timer = time.CreateTimer(
            static state => ((CallbackScheduler)state!).ReleaseOverdue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Schedules the call of a handler.</summary>
    /// <param name="handler">The handler.</param>
    /// <param name="watchEvent">The event.</param>
    /// <param name="isPersistent">Whether the handler gets more events, which then arrive one at a time and in order.</param>
    public void NotifyHandler(Action<WatchEvent> handler, WatchEvent watchEvent, bool isPersistent)
    {
        if (isPersistent)
        {
            var mailbox = _mailboxes.GetValue(handler, key => new HandlerQueue(key, this));
            if (mailbox.Post(watchEvent))
            {
                Schedule(mailbox);
            }
        }
        else
        {
            Schedule(new HandlerInvocation(this, handler, watchEvent, BeginHandler()));
        }
    }

    /// <summary>Registers the call of a handler. Results are held back from now on.</summary>
    /// <returns>The round of the handler. A round ends when a handler is overdue. Pass it to <see cref="RunHandler"/>.</returns>
    public int BeginHandler()
    {
        lock (_lock)
        {
            _running++;
            return _round;
        }
    }

    /// <summary>Returns whether results are held back for handlers of the round.</summary>
    public bool IsCurrent(int round) => Volatile.Read(ref _round) == round;

    /// <summary>Schedules the result of an operation.</summary>
    public void CompleteOperation(IThreadPoolWorkItem outcome)
    {
        // Only the receive loop starts handlers, so none can start between the check and the hand-over.
        if (Volatile.Read(ref _running) > 0)
        {
            lock (_lock)
            {
                if (_running > 0)
                {
                    if (_held.Count == 0)
                    {
                        _timer.Change(_grace, Timeout.InfiniteTimeSpan);
                    }

                    _held.Enqueue(outcome);
                    return;
                }
            }
        }

        Schedule(outcome);
    }

    /// <summary>
    /// Takes the most recently scheduled work item if it has not run yet. The caller must execute it, on a thread that blocks nothing else.
    /// </summary>
    public IThreadPoolWorkItem? TakeDeferred()
    {
        var deferred = _deferred;
        _deferred = null;
        return deferred;
    }

    /// <summary>Queues the deferred work item to the thread pool.</summary>
    public void Flush()
    {
        if (TakeDeferred() is { } deferred)
        {
            ThreadPool.UnsafeQueueUserWorkItem(deferred, preferLocal: false);
        }
    }

    /// <summary>Calls a handler, and then releases held results if it was the last one.</summary>
    public void RunHandler(Action<WatchEvent> handler, WatchEvent watchEvent, int round)
    {
        try
        {
            handler(watchEvent);
        }
#pragma warning disable CA1031 // An exception of a handler must not reach the thread pool or other handlers.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.HandlerFailed(e, watchEvent.Type);
        }

        lock (_lock)
        {
            // Results no longer wait for a handler of an earlier round.
            if (round == _round && --_running == 0)
            {
                ReleaseHeld();
            }
        }
    }

    /// <summary>Releases all held results although handlers still run.</summary>
    public void ReleaseOverdue()
    {
        lock (_lock)
        {
            if (_held.Count > 0)
            {
                _logger.HandlersOvertaken(_running, _grace.TotalMilliseconds);
                _round++;
                _running = 0;
                ReleaseHeld();
            }
        }
    }

    public void Dispose()
    {
        ReleaseOverdue();
        _timer.Dispose();
    }

    // The newest item is deferred: the receive loop's thread executes it when the loop suspends, which saves a thread switch.
    private void Schedule(IThreadPoolWorkItem item)
    {
        Flush();
        _deferred = item;
    }

    private void ReleaseHeld()
    {
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        while (_held.TryDequeue(out var outcome))
        {
            ThreadPool.UnsafeQueueUserWorkItem(outcome, preferLocal: false);
        }
    }
}

/// <summary>One event for one handler of a one-shot watch.</summary>
internal sealed class HandlerInvocation(
    CallbackScheduler callbacks, Action<WatchEvent> handler, WatchEvent watchEvent, int round) : IThreadPoolWorkItem
{
    public void Execute() => callbacks.RunHandler(handler, watchEvent, round);
}
