namespace NearCache.Memcached.Connections;

/// <summary>
/// How far one operation is. Every use of the operation is counted in the upper bits, so that what looked at an earlier use cannot end a
/// later one.
/// </summary>
internal sealed class SingleOperationState
{
    private const long Waiting = 0;   // for its reply
    private const long Ended = 1;
    private const long GivenUp = 2;   // ended without its reply, which is still to come
    private const long Mask = 3;

    private long _word = Ended;

    /// <summary>Ended, and the line may still hold it.</summary>
    public bool IsAbandoned => (Volatile.Read(ref _word) & Mask) == GivenUp;

    public void Start() => Volatile.Write(ref _word, ((_word | Mask) + 1) | Waiting);

    /// <summary>For <see cref="TryAbandon"/>.</summary>
    public long Read() => Volatile.Read(ref _word);

    /// <summary>Ends it with its reply, or with its connection. True for the caller that did.</summary>
    public bool TryEnd()
    {
        var seen = Volatile.Read(ref _word);
        return (seen & Mask) == Waiting && Interlocked.CompareExchange(ref _word, (seen & ~Mask) | Ended, seen) == seen;
    }

    /// <summary>Ends it without its reply if it is as it was seen.</summary>
    public bool TryAbandon(long seen) =>
        (seen & Mask) == Waiting && Interlocked.CompareExchange(ref _word, (seen & ~Mask) | GivenUp, seen) == seen;
}
