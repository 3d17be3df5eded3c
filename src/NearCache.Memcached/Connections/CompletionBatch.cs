using System.Runtime.ExceptionServices;

namespace NearCache.Memcached.Connections;

/// <summary>
/// Operations that were answered together, and whose callers go on one after the other on the thread that read the replies.
/// </summary>
/// <remarks>
/// Going on there costs no switch of threads, and what the callers ask for next is sent by one write. It is right only as long as they are
/// quick: whoever finds the thread stuck in a caller's code takes over, once, what is left of the batch and the reading; the stuck thread
/// then finds that nothing here is its own any more. One word holds the number of the batch and the index of the operation that is next.
/// </remarks>
internal sealed class CompletionBatch
{
    private const int Idle = int.MaxValue;
    private Operation?[] _operations = new Operation?[64];
    private int _count;
    private long _word = Idle;

    /// <summary>Changes with every step; who sees the same twice, and <see cref="IsRunning"/>, may find the thread stuck.</summary>
    public long Word => Volatile.Read(ref _word);

    public bool IsRunning => (int)Word != Idle;

    public int Count => _count;

    /// <summary>Adds one, while it does not run.</summary>
    public void Add(Operation operation)
    {
        if (_count == _operations.Length)
        {
            Array.Resize(ref _operations, _count * 2);
        }

        _operations[_count++] = operation;
    }

    /// <summary>Begins to run; the number that <see cref="TryTake"/> and <see cref="TryEnd"/> want.</summary>
    public int Begin()
    {
        var number = NumberOf(_word) + 1;
        Volatile.Write(ref _word, WordOf(number, 0));
        return number;
    }

    /// <summary>The next one; null when none is left, or another thread has taken over.</summary>
    public Operation? TryTake(int number)
    {
        var seen = Volatile.Read(ref _word);
        var index = (int)seen;
        if (NumberOf(seen) != number || index >= _count)
        {
            return null;
        }

        // The array may be that of a later batch by now; then the exchange fails.
        var operations = _operations;
        var operation = index < operations.Length ? operations[index] : null;
        return Interlocked.CompareExchange(ref _word, seen + 1, seen) == seen ? operation : null;
    }

    /// <summary>Ends the run. False if another thread has taken over.</summary>
    public bool TryEnd(int number)
    {
        var seen = Volatile.Read(ref _word);
        if (NumberOf(seen) != number || (int)seen == Idle || Interlocked.CompareExchange(ref _word, WordOf(number, Idle), seen) != seen)
        {
            return false;
        }

        Clear();
        return true;
    }

    /// <summary>Ends the run and lets the rest go on elsewhere. False if another thread has taken over.</summary>
    public bool TryHandOff(int number)
    {
        var seen = Volatile.Read(ref _word);
        return NumberOf(seen) == number && TryTakeOver(seen);
    }

    /// <summary>Takes over from a thread that is where it was seen: lets the rest go on elsewhere. False if it has moved.</summary>
    public bool TryTakeOver(long seen)
    {
        if ((int)seen == Idle || Interlocked.CompareExchange(ref _word, WordOf(NumberOf(seen), Idle), seen) != seen)
        {
            return false;
        }

        for (var i = (int)seen; i < _count; i++)
        {
            _operations[i]!.QueueCompletion();
        }

        Clear();
        return true;
    }

    /// <summary>Lets one caller go on here. What his code throws ends the process as it would on any other thread of the pool.</summary>
    public static void Complete(Operation operation)
    {
        try
        {
            operation.Complete();
        }
        catch (Exception e)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static failure => failure.Throw(), ExceptionDispatchInfo.Capture(e), preferLocal: false);
        }
    }

    private static int NumberOf(long word) => (int)(word >> 32);

    private static long WordOf(int number, int index) => ((long)number << 32) | (uint)index;

    private void Clear()
    {
        Array.Clear(_operations, 0, _count);
        _count = 0;
    }
}
