namespace NearCache.Memcached.Connections;

/// <summary>The operations of a connection in the order of their bytes.</summary>
/// <remarks>
/// Everything is called under the connection's lock but <see cref="Peek"/>, which the one reader calls without: what it asks for was queued
/// before the bytes that were answered were sent, and stays in its place until the reader itself removes it.
/// </remarks>
internal sealed class OperationRing
{
    private Operation?[] _slots = new Operation?[256];
    private long _head;
    private long _tail;

    public int Count => (int)(_tail - _head);

    /// <summary>The number of the oldest; the reader goes on counting from there by itself.</summary>
    public long Head => _head;

    public void Enqueue(Operation operation)
    {
        // One place stays empty, so that the reader finds nothing behind the newest.
        if (Count == _slots.Length - 1)
        {
            Grow();
        }

        _slots[_tail & (_slots.Length - 1)] = operation;
        _tail++;
    }

    /// <summary>
    /// The operation of that number, or null when there is none. The reader's, and after it has ended that of who clears up.
    /// </summary>
    public Operation? Peek(long number)
    {
        var slots = Volatile.Read(ref _slots);
        return slots[number & (slots.Length - 1)];
    }

    /// <summary>Removes the oldest ones up to that number.</summary>
    public void RemoveUntil(long number)
    {
        var mask = _slots.Length - 1;
        for (; _head < number; _head++)
        {
            _slots[_head & mask] = null;
        }
    }

    /// <summary>The one so many places behind the oldest.</summary>
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
