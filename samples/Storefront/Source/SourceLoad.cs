namespace Storefront.Source;

/// <summary>Counts the reads of this process from the database, and their concurrency.</summary>
internal sealed class SourceLoad
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<string, int> _underway = [];
    private int _allUnderway;

    /// <summary>The number of reads.</summary>
    public long Reads { get; private set; }

    /// <summary>The highest number of concurrent reads.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>The highest number of concurrent reads of one row.</summary>
    public int MostOfOneAtOnce { get; private set; }

    public async Task<T> CountAsync<T>(string row, Func<Task<T>> read)
    {
        Begin(row);
        try
        {
            return await read();
        }
        finally
        {
            End(row);
        }
    }

    private void Begin(string row)
    {
        lock (_lock)
        {
            Reads++;
            var ofOne = _underway[row] = _underway.GetValueOrDefault(row) + 1;
            MostOfOneAtOnce = Math.Max(MostOfOneAtOnce, ofOne);
            MostAtOnce = Math.Max(MostAtOnce, ++_allUnderway);
        }
    }

    private void End(string row)
    {
        lock (_lock)
        {
            _allUnderway--;
            if (--_underway[row] == 0)
            {
                _underway.Remove(row);
            }
        }
    }
}
