using System.Runtime.ExceptionServices;

namespace NearCache.Memcached.Connections;

/// <summary>The operations whose replies were read together. Their continuations run one after the other on the reader thread.</summary>
/// <remarks>
/// Running continuations inline avoids thread switches, and the requests that they issue are sent by one write. It requires that
/// continuations are short. When the reader thread is blocked in a continuation, another thread takes over the rest of the batch and the
/// reading, once; afterward the blocked thread finds that it no longer owns anything here. One word holds the number of the batch and the
/// index of the next operation.
/// </remarks>
internal sealed class CompletionBatch
{
    private const int Idle = int.MaxValue;
    private Operation?[] _operations = new Operation?[64];
    private int _count;
    private long _word = Idle;

    /// <summary>
    /// Gets a value that changes with every step. If it is unchanged between two reads while <see cref="IsRunning"/> is true, the thread
    /// may be blocked.
    /// </summary>
    public long Word => Volatile.Read(ref _word);

    public bool IsRunning => (int)Word != Idle;

    public int Count => _count;

    /// <summary>Adds an operation. Requires that the batch is not running.</summary>
    public void Add(Operation operation)
    {
        if (_count == _operations.Length)
        {
            Array.Resize(ref _operations, _count * 2);
        }

        _operations[_count++] = operation;
    }

    /// <summary>Starts a run and returns its number, which <see cref="TryTake"/> and <see cref="TryEnd"/> require.</summary>
    public int Begin()
    {
        var number = NumberOf(_word) + 1;
        Volatile.Write(ref _word, WordOf(number, 0));
        return number;
    }

    /// <summary>Returns the next operation; null if none is left or another thread has taken over.</summary>
    public Operation? TryTake(int number)
    {
        var seen = Volatile.Read(ref _word);
        var index = (int)seen;
        if (NumberOf(seen) != number || index >= _count)
        {
            return null;
        }

        // The array may already belong to a later batch; then the exchange fails.
        var operations = _operations;
        var operation = index < operations.Length ? operations[index] : null;
        return Interlocked.CompareExchange(ref _word, seen + 1, seen) == seen ? operation : null;
    }

    /// <summary>Ends the run. Returns false if another thread has taken over.</summary>
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

    /// <summary>Ends the run and queues the remaining continuations. Returns false if another thread has taken over.</summary>
    public bool TryHandOff(int number)
    {
        var seen = Volatile.Read(ref _word);
        return NumberOf(seen) == number && TryTakeOver(seen);
    }

    /// <summary>
    /// Takes over from a thread that has not moved since <paramref name="seen"/> was read, and queues the remaining continuations. Returns
    /// false if the thread has moved.
    /// </summary>
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

    /// <summary>Runs one continuation on this thread. An exception that it throws ends the process, as on any thread of the pool.</summary>
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
