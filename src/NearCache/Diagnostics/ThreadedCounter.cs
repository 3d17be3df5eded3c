namespace NearCache.Diagnostics;

/// <summary>Counts what happens on many threads at once, in parts: each thread has cells of its own, so that counting costs an addition.</summary>
/// <remarks>A thread has the cells of one counter at hand, the one that it used last; another counter's are looked up. Cells of ended threads are folded into one.</remarks>
internal sealed class ThreadedCounter
{
    [ThreadStatic]
    private static Cells? Mine;

    private readonly Lock _lock = new();   // guards the list of cells, and their growing
    private readonly List<Cells> _threads = [];
    private long[] _ended = [];
    private int _parts;

    /// <summary>All counts of all parts so far.</summary>
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

    /// <summary>Makes room for one more part.</summary>
    /// <returns>Its number.</returns>
    public int AddPart() => Interlocked.Increment(ref _parts) - 1;

    /// <summary>All counts of one part so far.</summary>
    public long Of(int part)
    {
        lock (_lock)
        {
            return At(_ended, part) + _threads.Sum(cells => At(cells.Counts, part));
        }
    }

    /// <summary>Counts one.</summary>
    /// <returns>How many of the part this thread has counted.</returns>
    public long Add(int part)
    {
        var cells = Mine;
        if (cells is null || cells.Owner != this)
        {
            cells = CellsOfThisThread();
        }

        var counts = cells.Counts;
        return (uint)part < (uint)counts.Length ? ++counts[part] : ++Grow(cells, part)[part];
    }

    private static long At(long[] counts, int part) => part < counts.Length ? Volatile.Read(ref counts[part]) : 0;

    // Only the thread whose cells they are comes here, so nothing is counted meanwhile.
    private long[] Grow(Cells cells, int part)
    {
        lock (_lock)
        {
            return cells.Grow(Math.Max(part + 1, Volatile.Read(ref _parts)));
        }
    }

    private Cells CellsOfThisThread()
    {
        var thread = Thread.CurrentThread;
        lock (_lock)
        {
            var cells = _threads.Find(candidate => candidate.Thread == thread);
            if (cells is null)
            {
                foreach (var ended in _threads.FindAll(candidate => !candidate.Thread.IsAlive))
                {
                    Fold(ended.Counts);
                    _threads.Remove(ended);
                }

                cells = new Cells(this, thread);
                _threads.Add(cells);
            }

            return Mine = cells;
        }
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

    // Written by its thread alone.
    private sealed class Cells(ThreadedCounter owner, Thread thread)
    {
        private long[] _counts = [];

        public long[] Counts => _counts;

        public ThreadedCounter Owner => owner;

        public Thread Thread => thread;

        public long[] Grow(int parts)
        {
            var grown = new long[parts];
            _counts.CopyTo(grown, 0);
            return _counts = grown;
        }
    }
}
