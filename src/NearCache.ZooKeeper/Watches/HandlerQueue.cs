namespace NearCache.ZooKeeper.Watches;

/// <summary>
/// The events of one handler that stays, given to it one at a time and in order, on the thread pool. A slow handler keeps only itself
/// waiting.
/// </summary>
internal sealed class HandlerQueue(Action<WatchEvent> handler, CallbackScheduler callbacks) : IThreadPoolWorkItem
{
    private readonly Queue<(WatchEvent Event, int Round)> _events = new();   // guarded by itself
    private const int NoRound = -1;
    private bool _isRunning;
    private int _current;

    /// <summary>Puts an event behind those that it was not given yet.</summary>
    /// <returns>Whether the mailbox is to be run.</returns>
    public bool Post(WatchEvent watchEvent)
    {
        lock (_events)
        {
            // Who was overtaken once and still is not done keeps nobody waiting again.
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
