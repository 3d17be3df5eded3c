namespace NearCache.Memcached.Connections;

/// <summary>How far one operation is. Every use of the operation is counted in the upper bits, so that who looked at an earlier use cannot end a later one.</summary>
internal sealed class SingleOperationState
{
    private const long Waiting = 0;          // for its reply
    private const long Holding = 1;          // the same, and its value is still to be sent from the caller's memory
    private const long HoldingGivenUp = 2;   // the same, and the caller shall have his memory back as soon as it was sent
    private const long Delivering = 3;       // the reader writes its value
    private const long Ended = 4;
    private const long GivenUp = 5;          // ended without its reply, which is still to come
    private const long Mask = 7;

    private long _word = Ended;

    /// <summary>Ended, and the line may still hold it.</summary>
    public bool WasGivenUp => (Volatile.Read(ref _word) & Mask) == GivenUp;

    public void Start(bool holdsMemory) => Volatile.Write(ref _word, ((_word | Mask) + 1) | (holdsMemory ? Holding : Waiting));

    /// <summary>For <see cref="TryGiveUp"/>.</summary>
    public long Read() => Volatile.Read(ref _word);

    /// <summary>Ends it with its reply. True for the one who did.</summary>
    public bool TryEnd() => TryMove(Ended, static state => state <= HoldingGivenUp);

    /// <summary>The reader begins to write a value: nobody else ends it until it is there.</summary>
    public bool TryBeginDelivery() => TryMove(Delivering, static state => state <= HoldingGivenUp);

    /// <summary>The value is there, or will not come.</summary>
    public bool TryEndDelivery() => TryMove(Ended, static state => state == Delivering);

    /// <summary>Ends it without its reply if it is as it was seen. While the caller's memory is being sent it ends only after that.</summary>
    public bool TryGiveUp(long seen)
    {
        var use = seen & ~Mask;
        switch (seen & Mask)
        {
            case Waiting:
                return Interlocked.CompareExchange(ref _word, use | GivenUp, seen) == seen;
            case Holding:
                Interlocked.CompareExchange(ref _word, use | HoldingGivenUp, seen);
                return false;
            default:
                return false;
        }
    }

    /// <summary>The caller's memory was sent. True if the operation was given up meanwhile, and ends now.</summary>
    public bool ReleaseMemory()
    {
        while (true)
        {
            var seen = Volatile.Read(ref _word);
            var state = seen & Mask;
            if (state is not (Holding or HoldingGivenUp))
            {
                return false;
            }

            var next = (seen & ~Mask) | (state == Holding ? Waiting : GivenUp);
            if (Interlocked.CompareExchange(ref _word, next, seen) == seen)
            {
                return state == HoldingGivenUp;
            }
        }
    }

    private bool TryMove(long to, Func<long, bool> from)
    {
        while (true)
        {
            var seen = Volatile.Read(ref _word);
            if (!from(seen & Mask))
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _word, (seen & ~Mask) | to, seen) == seen)
            {
                return true;
            }
        }
    }
}
