namespace NearCache.Memcached.Connections;

/// <summary>Counts what is in flight against the bounds, and lets wait what is beyond them.</summary>
/// <remarks>Everything is called under the connection's lock, but <see cref="Commands"/>.</remarks>
internal sealed class InFlightLimit(MemcachedOptions options)
{
    private readonly LinkedList<TaskCompletionSource> _waiters = new();
    private long _bytes;
    private int _commands;

    public int Commands => Volatile.Read(ref _commands);

    /// <summary>
    /// Whether so much may go. What alone is larger than the bounds may when nothing else is there. Newcomers do not overtake those who
    /// wait.
    /// </summary>
    public bool HasCapacity(int commands, long bytes, bool isRetry) =>
        (isRetry || _waiters.Count == 0)
        && (_commands == 0 || (_commands + commands <= options.MaxInFlightCommands && _bytes + bytes <= options.MaxInFlightBytes));

    public void Acquire(int commands, long bytes)
    {
        _commands += commands;
        _bytes += bytes;
    }

    /// <summary>
    /// Gives room back, and tells as many of those who wait; all of them when nothing is in flight, for nobody else would.
    /// </summary>
    public void Release(int commands, long bytes)
    {
        _commands -= commands;
        _bytes -= bytes;
        for (var turns = _commands == 0 ? int.MaxValue : commands; turns > 0 && _waiters.First is { } first;)
        {
            _waiters.Remove(first);

            // One that was cancelled meanwhile does not count.
            turns -= first.Value.TrySetResult() ? 1 : 0;
        }
    }

    /// <summary>Queues up. The source is completed when it is one's turn to try again.</summary>
    public LinkedListNode<TaskCompletionSource> AddWaiter() =>
        _waiters.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));

    /// <summary>Leaves the queue, if it is not one's turn already: nothing is kept of a caller that waits no more.</summary>
    public void RemoveWaiter(LinkedListNode<TaskCompletionSource> waiter)
    {
        if (waiter.List is not null)
        {
            _waiters.Remove(waiter);
        }
    }

    /// <summary>Tells all who wait: they will find the connection closed.</summary>
    public void Close() => Release(_commands, _bytes);
}
