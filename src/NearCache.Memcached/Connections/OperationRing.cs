namespace NearCache.Memcached.Connections;

/// <summary>A ring buffer of a connection's operations, in the order of their bytes in the stream.</summary>
/// <remarks>
/// All members require the connection's lock, except <see cref="Peek"/>, which the single reader calls without it. The operation that it
/// reads was queued before the bytes that were answered were sent, and keeps its slot until the reader removes it.
/// </remarks>
internal sealed class OperationRing
{
    private Operation?[] _slots = new Operation?[256];
    private long _head;
    private long _tail;

    public int Count => (int)(_tail - _head);

    /// <summary>Gets the number of the oldest operation; the reader continues to count from there.</summary>
    public long Head => _head;

    public void Enqueue(Operation operation)
    {
        // One slot stays empty, so that the reader finds null after the newest operation.
        if (Count == _slots.Length - 1)
        {
            Grow();
        }

        _slots[_tail & (_slots.Length - 1)] = operation;
        _tail++;
    }

    /// <summary>
    /// Returns the operation with a number, or null if there is none. Called by the read loop; after the loop has ended, by the thread that
    /// closes the connection.
    /// </summary>
    public Operation? Peek(long number)
    {
        var slots = Volatile.Read(ref _slots);
        return slots[number & (slots.Length - 1)];
    }

    /// <summary>Removes the oldest operations before a number.</summary>
    public void RemoveUntil(long number)
    {
        var mask = _slots.Length - 1;
        for (; _head < number; _head++)
        {
            _slots[_head & mask] = null;
        }
    }

    /// <summary>Returns the operation at an offset from the oldest.</summary>
    public Operation At(int index) => _slots[(_head + index) & (_slots.Length - 1)]!;

    private void Grow()
    {
        var larger = new Operation?[_slots.Length * 2];
        for (var number = _head; number < _tail; number++)
        {
            larger[number & (larger.Length - 1)] = _slots[number & (_slots.Length - 1)];
        }

        Volatile.Write(ref _slots, larger);
    }
}
