using System.Collections.Concurrent;

namespace NearCache.Near;

/// <summary>The entries whose keys begin with a prefix, by what follows it. The near store changes it together with its map, under its lock; hits only look.</summary>
internal sealed class TailIndex
{
    private readonly ConcurrentDictionary<string, NearEntry>.AlternateLookup<ReadOnlySpan<char>> _bySpan;
    private readonly string _prefix;

    public TailIndex(string prefix)
    {
        _prefix = prefix;
        _bySpan = Entries.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public ConcurrentDictionary<string, NearEntry> Entries { get; } = new(concurrencyLevel: 1, capacity: 1021);

    /// <summary>An entry is in the map, perhaps in the place of another.</summary>
    public void Put(NearEntry entry)
    {
        if (entry.Key.StartsWith(_prefix, StringComparison.Ordinal))
        {
            Entries[entry.Key[_prefix.Length..]] = entry;
        }
    }

    /// <summary>The entry is in the map no longer.</summary>
    public void Remove(NearEntry entry)
    {
        if (entry.Key.StartsWith(_prefix, StringComparison.Ordinal))
        {
            _bySpan.TryRemove(entry.Key.AsSpan(_prefix.Length), out _);
        }
    }
}
