namespace NearCache.ZooKeeper.Watches;

/// <summary>
/// The events of one persistent handler, delivered one at a time and in order on the thread pool. A slow handler delays only its own
/// events.
/// </summary>
internal sealed class HandlerQueue(Action<WatchEvent> handler, CallbackScheduler callbacks) : IThreadPoolWorkItem
{
    private readonly Queue<(WatchEvent Event, int Round)> _events = new();   // guarded by itself
    private const int NoRound = -1;
    private bool _isRunning;
    private int _current;

    /// <summary>Appends an event.</summary>
    /// <returns>True if the caller must schedule the queue.</returns>
    public bool Post(WatchEvent watchEvent)
    {
        lock (_events)
        {
            // A handler that exceeded the grace period and still runs does not hold back results again.
            var isOvertaken = _isRunning && !callbacks.IsCurrent(_current);
            _events.Enqueue((watchEvent, isOvertaken ? NoRound : callbacks.BeginHandler()));
            if (_isRunning)
            {
                return false;
            }

            _isRunning = true;
            _current = _events.Peek().Round;
            return true;
        }
    }

    public void Execute()
    {
        while (true)
        {
            (WatchEvent Event, int Round) next;
            lock (_events)
            {
                if (!_events.TryDequeue(out next))
                {
                    _isRunning = false;
                    return;
                }

                _current = next.Round;
            }

            callbacks.RunHandler(handler, next.Event, next.Round);
        }
    }
}
