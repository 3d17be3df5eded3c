namespace ReleaseReplay.Pods;

/// <summary>The cache of a pod: NearCache, or the naive client.</summary>
internal interface IPageCache
{
    /// <summary>Reads a value from the cache, or else from the source.</summary>
    ValueTask<string> GetAsync(string key, SourceLoad load);
}

/// <summary>What one request costs the source.</summary>
internal sealed class SourceLoad
{
    /// <summary>How long one read of the source takes.</summary>
    public static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(20);

    /// <summary>Gets the number of reads.</summary>
    public int Reads { get; private set; }

    /// <summary>Reads a value from the source.</summary>
    public async ValueTask<string> ReadAsync(string key)
    {
        Count();
        await Task.Delay(Latency);
        return $"the value of {key}";
    }

    /// <summary>Counts a read.</summary>
    public void Count() => Reads++;
}
