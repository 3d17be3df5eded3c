namespace NearCache.Memcached.Connections;

/// <summary>
/// The state of one use of an operation. The upper bits count the uses, so that code that has read the state of one use cannot end a later
/// one.
/// </summary>
internal sealed class SingleOperationState
{
    private const long Waiting = 0;   // for a reply
    private const long Ended = 1;
    private const long Abandoned = 2;   // ended without its reply, which is still due
    private const long Mask = 3;

    private long _word = Ended;

    /// <summary>
    /// Gets a value that indicates whether the operation ended without its reply, so that the connection's ring may still reference it.
    /// </summary>
    public bool IsAbandoned => (Volatile.Read(ref _word) & Mask) == Abandoned;

    public void Start() => Volatile.Write(ref _word, ((_word | Mask) + 1) | Waiting);

    /// <summary>Returns the state for <see cref="TryAbandon"/>.</summary>
    public long Read() => Volatile.Read(ref _word);

    /// <summary>Ends the operation with its reply, or with its connection. Returns true for the one caller that ended it.</summary>
    public bool TryEnd()
    {
        var seen = Volatile.Read(ref _word);
        return (seen & Mask) == Waiting && Interlocked.CompareExchange(ref _word, (seen & ~Mask) | Ended, seen) == seen;
    }

    /// <summary>Ends the operation without its reply, unless its state has changed since it was read.</summary>
    public bool TryAbandon(long seen) =>
        (seen & Mask) == Waiting && Interlocked.CompareExchange(ref _word, (seen & ~Mask) | Abandoned, seen) == seen;
}
