using System.Collections.Concurrent;

namespace NearCache.Diagnostics;

/// <summary>Counts by key, for a bounded number of keys. Further keys are not counted. Thread-safe.</summary>
internal sealed class BoundedCounts<TKey>
    where TKey : notnull
{
    /// <summary>The greatest number of keys.</summary>
    public const int MaxKeys = 64;

    private readonly ConcurrentDictionary<TKey, long> _counts = new();

    /// <summary>Counts one event.</summary>
    public void Add(TKey key)
    {
        if (_counts.Count < MaxKeys || _counts.ContainsKey(key))
        {
            _counts.AddOrUpdate(key, 1, static (_, count) => count + 1);
        }
    }

    /// <summary>Returns the present counts.</summary>
    public IReadOnlyDictionary<TKey, long> Snapshot() => new Dictionary<TKey, long>(_counts);
}
