namespace NearCache.Transport.Scheduling;

/// <summary>Cancels tokens after one time limit that they have in common, also while the thread pool is starved.</summary>
/// <remarks>
/// Timers run on the thread pool, which may execute nothing. On the system clock <see cref="ThreadWatchdog"/> measures the limit instead,
/// of the oldest token alone, since the others end later; the <see cref="WorkScheduler"/> cancels the tokens. On another clock timers do.
/// </remarks>
/// <param name="limit">The time limit; positive.</param>
/// <param name="time">The clock of the limit.</param>
internal sealed class TimeoutQueue(TimeSpan limit, TimeProvider time) : IWatchdogTarget, IThreadPoolWorkItem
{
    private const long None = long.MinValue;
    private readonly bool _isWatched = ReferenceEquals(time, TimeProvider.System);
    private readonly Lock _gate = new();   // guards the list; a check must not take it, since it is held while the watchdog's lock is taken
    private readonly LinkedList<Entry> _entries = new();
    private long _oldest = None;   // the start of the first entry
    private int _isQueued;

    bool IWatchdogTarget.HasWork => Volatile.Read(ref _oldest) != None;

    /// <summary>Starts the limit of a new token. The entry must be disposed.</summary>
    public Entry Start()
    {
        if (!_isWatched)
        {
            return new Entry(this, new CancellationTokenSource(limit, time));
        }

        var entry = new Entry(this, new CancellationTokenSource());
        lock (_gate)
        {
            entry.Started = time.GetTimestamp();
            _entries.AddLast(entry.Node);
            OnChanged();
        }

        ThreadWatchdog.Wake();
        return entry;
    }

    bool IWatchdogTarget.Check()
    {
        var oldest = Volatile.Read(ref _oldest);
        if (IsDue(oldest) && Interlocked.Exchange(ref _isQueued, 1) == 0)
        {
            WorkScheduler.Queue(this);
        }

        return oldest != None;
    }

    void IThreadPoolWorkItem.Execute()
    {
        Volatile.Write(ref _isQueued, 0);
        while (TryTakeDue() is { } entry)
        {
            entry.Cancel();
        }
    }

    private bool IsDue(long started) => started != None && time.GetElapsedTime(started) > limit;

    private Entry? TryTakeDue()
    {
        lock (_gate)
        {
            if (!IsDue(_oldest))
            {
                return null;
            }

            var first = _entries.First!.Value;
            _entries.RemoveFirst();
            OnChanged();
            return first;
        }
    }

    private void Remove(LinkedListNode<Entry> node)
    {
        lock (_gate)
        {
            if (node.List is not null)
            {
                _entries.Remove(node);
                OnChanged();
            }
        }
    }

    private void OnChanged()
    {
        var wasEmpty = _oldest == None;
        Volatile.Write(ref _oldest, _entries.First?.Value.Started ?? None);
        if (wasEmpty)
        {
            ThreadWatchdog.Add(this);
        }
        else if (_oldest == None)
        {
            ThreadWatchdog.Remove(this);
        }
    }

    /// <summary>A token and its limit.</summary>
    public sealed class Entry : IDisposable
    {
        private readonly TimeoutQueue _queue;
        private readonly CancellationTokenSource _source;

        public Entry(TimeoutQueue queue, CancellationTokenSource source)
        {
            (_queue, _source) = (queue, source);
            Node = new LinkedListNode<Entry>(this);
        }

        /// <summary>Gets the token.</summary>
        public CancellationToken Token => _source.Token;

        internal LinkedListNode<Entry> Node { get; }

        internal long Started { get; set; }

        internal void Cancel()
        {
            try
            {
                _source.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // Disposed concurrently.
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            _queue.Remove(Node);
            _source.Dispose();
        }
    }
}
