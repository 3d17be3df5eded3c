namespace NearCache.Near;

/// <summary>Counts what happens on many threads at once: each thread has a cell of its own, so that counting costs an addition.</summary>
/// <remarks>A thread has one cell, for the counter that it used last; another counter's cell is looked up. Cells of ended threads are folded into one.</remarks>
internal sealed class ThreadedCounter
{
    [ThreadStatic]
    private static Cell? Mine;

    private readonly Lock _lock = new();   // guards the list of cells
    private readonly List<Cell> _cells = [];
    private long _ended;

    /// <summary>All counts so far.</summary>
    public long Value
    {
        get
        {
            lock (_lock)
            {
                return _ended + _cells.Sum(cell => Volatile.Read(ref cell.Count));
            }
        }
    }

    /// <summary>Counts one.</summary>
    /// <returns>How many this thread has counted.</returns>
    public long Add()
    {
        var cell = Mine;
        if (cell is null || cell.Owner != this)
        {
            cell = CellOfThisThread();
        }

        return ++cell.Count;
    }

    private Cell CellOfThisThread()
    {
        var thread = Thread.CurrentThread;
        lock (_lock)
        {
            var cell = _cells.Find(candidate => candidate.Thread == thread);
            if (cell is null)
            {
                foreach (var ended in _cells.FindAll(candidate => !candidate.Thread.IsAlive))
                {
                    _ended += ended.Count;
                    _cells.Remove(ended);
                }

                cell = new Cell(this, thread);
                _cells.Add(cell);
            }

            return Mine = cell;
        }
    }

    // Written by its thread alone.
    private sealed class Cell(ThreadedCounter owner, Thread thread)
    {
        public long Count;

        public ThreadedCounter Owner => owner;

        public Thread Thread => thread;
    }
}
