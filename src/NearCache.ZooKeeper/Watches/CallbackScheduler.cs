using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NearCache.ZooKeeper.Diagnostics;

namespace NearCache.ZooKeeper.Watches;

/// <summary>
/// Gives events to handlers and outcomes to callers, on the thread pool, such that who was told of a change first also hears of it first.
/// </summary>
/// <remarks>
/// Events and outcomes come in the order in which the connection brought them. While handlers of an event run, outcomes that came behind it
/// are held back, but for no longer than a grace: then they go, and the slow handler is overtaken. Nothing of a caller's runs in the
/// receive loop, so no handler can stop it. <see cref="NotifyHandler"/>, <see cref="CompleteOperation"/>, <see cref="TakeDeferred"/> and
/// <see cref="Flush"/> are for the receive loop, or for who starts and ends it.
/// </remarks>
internal sealed class CallbackScheduler : IDisposable
{
    private readonly Lock _lock = new();   // guards the fields below
    private readonly Queue<IThreadPoolWorkItem> _held = new();
    private readonly ConditionalWeakTable<Action<WatchEvent>, HandlerQueue> _mailboxes = [];
    private readonly TimeSpan _grace;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private int _running;
    private int _round;
    private IThreadPoolWorkItem? _deferred;   // the receive loop's alone

    public CallbackScheduler(TimeSpan grace, TimeProvider time, ILogger logger)
    {
        (_grace, _logger) = (grace, logger);
        _timer = time.CreateTimer(
            static state => ((CallbackScheduler)state!).ReleaseOverdue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Gives an event to a handler.</summary>
    /// <param name="handler">Whom.</param>
    /// <param name="watchEvent">What.</param>
    /// <param name="isPersistent">The handler gets more events: one at a time and in order.</param>
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

    /// <summary>A handler is about to be called: outcomes wait for it from now on.</summary>
    /// <returns>The round that ends when a handler is overtaken; give it to <see cref="RunHandler"/>.</returns>
    public int BeginHandler()
    {
        lock (_lock)
        {
            _running++;
            return _round;
        }
    }

    /// <summary>Whether outcomes wait for handlers of that round.</summary>
    public bool IsCurrent(int round) => Volatile.Read(ref _round) == round;

    /// <summary>Gives an outcome to whoever waits for it.</summary>
    public void CompleteOperation(IThreadPoolWorkItem outcome)
    {
        // Only the caller of this method starts handlers: nothing can begin to run between the look and the hand-over.
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

    /// <summary>The newest of what is to be run, if it is not yet: whoever takes it runs it, on a thread that nobody waits for.</summary>
    public IThreadPoolWorkItem? TakeDeferred()
    {
        var deferred = _deferred;
        _deferred = null;
        return deferred;
    }

    /// <summary>Gives the newest, too, to the thread pool.</summary>
    public void Flush()
    {
        if (TakeDeferred() is { } deferred)
        {
            ThreadPool.UnsafeQueueUserWorkItem(deferred, preferLocal: false);
        }
    }

    /// <summary>Calls a handler.</summary>
    public void RunHandler(Action<WatchEvent> handler, WatchEvent watchEvent, int round)
    {
        try
        {
            handler(watchEvent);
        }
#pragma warning disable CA1031 // A handler's failure is its own: it must reach neither the thread pool nor other handlers.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _logger.HandlerFailed(e, watchEvent.Type);
        }

        lock (_lock)
        {
            // One of an earlier round was overtaken: nobody waits for it any more.
            if (round == _round && --_running == 0)
            {
                ReleaseHeld();
            }
        }
    }

    /// <summary>Lets everything go that is held back.</summary>
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

    // The newest isPersistent here: the receive loop's own thread is free for it once the loop waits for more, which saves a thread's waking.
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

/// <summary>One event for one handler of a watch that fires once.</summary>
internal sealed class HandlerInvocation(
    CallbackScheduler callbacks, Action<WatchEvent> handler, WatchEvent watchEvent, int round) : IThreadPoolWorkItem
{
    public void Execute() => callbacks.RunHandler(handler, watchEvent, round);
}
