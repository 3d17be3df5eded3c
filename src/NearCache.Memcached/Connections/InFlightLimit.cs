using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>Limits the commands and bytes in flight, and queues callers that exceed the limits.</summary>
/// <remarks>All members require the connection's lock, except <see cref="Commands"/>.</remarks>
internal sealed class InFlightLimit(MemcachedOptions options)
{
    private readonly LinkedList<ScheduledCompletionSource<bool>> _waiters = new();
    private long _bytes;
    private int _commands;

    public int Commands => Volatile.Read(ref _commands);

    /// <summary>
    /// Returns whether the limits allow the commands. A request larger than the limits is allowed when nothing else is in flight. New
    /// callers do not overtake waiting ones.
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
    /// Releases capacity and wakes as many waiters; wakes all of them when nothing is in flight, since no later release would.
    /// </summary>
    public void Release(int commands, long bytes)
    {
        _commands -= commands;
        _bytes -= bytes;
        for (var remaining = _commands == 0 ? int.MaxValue : commands; remaining > 0 && _waiters.First is { } first;)
        {
            _waiters.Remove(first);

            // A canceled waiter does not count.
            remaining -= first.Value.TrySetResult(true) ? 1 : 0;
        }
    }

    /// <summary>
    /// Adds a waiter. Its source is completed when the caller may try again. Returns null if nothing is in flight: the caller may try
    /// again at once, and no release would wake it.
    /// </summary>
    public LinkedListNode<ScheduledCompletionSource<bool>>? AddWaiter() =>
        _commands == 0 ? null : _waiters.AddLast(new ScheduledCompletionSource<bool>(queue: null));

    /// <summary>Removes a waiter unless it has been completed: nothing references a caller that no longer waits.</summary>
    public void RemoveWaiter(LinkedListNode<ScheduledCompletionSource<bool>> waiter)
    {
        if (waiter.List is not null)
        {
            _waiters.Remove(waiter);
        }
    }

    /// <summary>Wakes all waiters, which then find the connection closed.</summary>
    public void Close() => Release(_commands, _bytes);
}
