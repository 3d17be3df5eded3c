namespace Storefront.Source;

/// <summary>What this process asks of the database: how often, and how much at once.</summary>
internal sealed class SourceLoad
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<string, int> _underway = [];
    private int _allUnderway;

    /// <summary>All reads so far.</summary>
    public long Reads { get; private set; }

    /// <summary>The most reads that were ever under way at once.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>The most reads of the same row that were ever under way at once.</summary>
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
