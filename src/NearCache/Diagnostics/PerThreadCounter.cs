using System.Runtime.CompilerServices;

namespace NearCache.Diagnostics;

/// <summary>A counter with parts, incremented by many threads. Each thread has its own cells, so that counting is one addition.</summary>
/// <remarks>
/// Each counter has a number, by which a thread finds its cells. The number of a collected counter is reused. Cells of ended threads are
/// folded into one array.
/// </remarks>
internal sealed class PerThreadCounter
{
    private static readonly Lock Guard = new();   // guards the numbers
    private static readonly Stack<int> Free = new();
    private static int Numbers;

    [ThreadStatic]
    private static Cells?[]? Mine;

    private readonly Identity _identity = new();
    private readonly int _number;
    private readonly Lock _lock = new();   // guards the list of cells and their growth
    private readonly List<Cells> _threads = [];
    private long[] _ended = [];
    private int _parts;

    public PerThreadCounter()
    {
        lock (Guard)
        {
            _number = Free.TryPop(out var free) ? free : Numbers++;
        }
    }

    ~PerThreadCounter()
    {
        lock (Guard)
        {
            Free.Push(_number);
        }
    }

    /// <summary>Gets the sum of all parts.</summary>
    public long Value
    {
        get
        {
            lock (_lock)
            {
                return _ended.Sum() + _threads.Sum(cells => cells.Counts.Sum());
            }
        }
    }

    /// <summary>Adds a part.</summary>
    /// <returns>The index of the part.</returns>
    public int AddPart() => Interlocked.Increment(ref _parts) - 1;

    /// <summary>Returns the count of one part.</summary>
    public long Of(int part)
    {
        lock (_lock)
        {
            return At(_ended, part) + _threads.Sum(cells => At(cells.Counts, part));
        }
    }

    /// <summary>Adds to a part.</summary>
    /// <returns>The count of the part by this thread.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Add(int part, int number = 1)
    {
        var (all, own) = (Mine, _number);
        var cells = all is not null && (uint)own < (uint)all.Length && all[own] is { } mine && mine.Of == _identity
            ? mine
            : CellsOfThisThread();
        var counts = cells.Counts;
        return (uint)part < (uint)counts.Length ? counts[part] += number : Grow(cells, part)[part] += number;
    }

    private static long At(long[] counts, int part) => part < counts.Length ? Volatile.Read(ref counts[part]) : 0;

    // Called only by the thread that owns the cells, so nothing is counted concurrently.
    private long[] Grow(Cells cells, int part)
    {
        lock (_lock)
        {
            return cells.Grow(Math.Max(part + 1, Volatile.Read(ref _parts)));
        }
    }

    // Called once for each thread and counter.
    private Cells CellsOfThisThread()
    {
        var cells = new Cells(_identity, Thread.CurrentThread);
        lock (_lock)
        {
            foreach (var ended in _threads.FindAll(candidate => !candidate.Thread.IsAlive))
            {
                Fold(ended.Counts);
                _threads.Remove(ended);
            }

            _threads.Add(cells);
        }

        if (Mine is null || Mine.Length <= _number)
        {
            Array.Resize(ref Mine, Math.Max(4, 2 * (_number + 1)));
        }

        return Mine[_number] = cells;
    }

    private void Fold(long[] counts)
    {
        if (_ended.Length < counts.Length)
        {
            Array.Resize(ref _ended, counts.Length);
        }

        for (var part = 0; part < counts.Length; part++)
        {
            _ended[part] += counts[part];
        }
    }

    // The identity of a counter, which cells refer to without keeping the counter alive.
    private sealed class Identity;

    // Written only by its thread.
    private sealed class Cells(Identity of, Thread thread)
    {
        private long[] _counts = [];

        public long[] Counts => _counts;

        public Identity Of => of;

        public Thread Thread => thread;

        public long[] Grow(int parts)
        {
            var grown = new long[parts];
            _counts.CopyTo(grown, 0);
            return _counts = grown;
        }
    }
}
