using System.Runtime.CompilerServices;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>The partitions of a near store: one for each rule with its own limits, and one for all other rules.</summary>
/// <remarks>Requires the store's lock, except for <see cref="Of"/>.</remarks>
internal sealed class NearPartitions
{
    private readonly NearPartition _common = new();
    private readonly ConditionalWeakTable<ActiveRule, NearRule> _rules = [];
    private readonly List<NearPartition> _inUse = [];

    /// <summary>Gets or sets the largest number of entries of all partitions.</summary>
    public int MaxEntries { get; set; }

    /// <summary>Gets or sets the largest sum of sizes of all partitions.</summary>
    public long MaxBytes { get; set; }

    /// <summary>Gets the number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the sum of the entries' sizes.</summary>
    public long Bytes { get; private set; }

    private bool IsShortOfBytes => (double)Bytes / MaxBytes > (double)Count / MaxEntries;

    /// <summary>Returns the state that the store keeps for a rule. Thread-safe.</summary>
    public NearRule Of(ActiveRule rule)
    {
        var (entries, bytes) = (rule.Rule.MaxEntries, rule.Rule.MaxBytes);
        if (!_rules.TryGetValue(rule, out var known) || (known.Partition == _common && (entries, bytes) is not (null, null)))
        {
            // The rule is new, or it has been given limits: entries added from now on belong to its own partition.
            known = new NearRule(rule, (entries, bytes) is (null, null) ? _common : new NearPartition());
            _rules.AddOrUpdate(rule, known);
        }

        if (known.Partition != _common)
        {
            known.Partition.SetLimits(entries ?? int.MaxValue, bytes ?? long.MaxValue);
        }

        return known;
    }

    /// <summary>Returns the partition to evict from before an entry is added, or null if no limit is exceeded.</summary>
    /// <param name="partition">The entry's partition.</param>
    /// <param name="bytes">The bytes that the entry adds.</param>
    /// <param name="entries">The entries that it adds: 1, or 0 if it replaces one.</param>
    /// <param name="byBytes">Whether the byte limit is the one exceeded.</param>
    /// <remarks>
    /// A full partition evicts its own entries. At the limit of all, the largest evicts, so that no rule displaces the others.
    /// </remarks>
    public NearPartition? FindOverLimit(NearPartition? partition, long bytes, int entries, out bool byBytes)
    {
        if (partition is { Count: > 0 } && partition.IsFullFor(bytes, entries))
        {
            byBytes = partition.IsShortOfBytes;
            return partition;
        }

        if (Bytes + bytes > MaxBytes || Count + entries > MaxEntries)
        {
            byBytes = IsShortOfBytes;
            return Largest(byBytes);
        }

        byBytes = false;
        return null;
    }

    /// <summary>Returns the partition with the most bytes or entries, or null if all are empty.</summary>
    public NearPartition? Largest(bool byBytes) =>
        _inUse.Count == 1 ? _inUse[0] : byBytes ? _inUse.MaxBy(partition => partition.Bytes) : _inUse.MaxBy(partition => partition.Count);

    /// <summary>Adds an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="replaced">The entry of the same key that it replaces, or null.</param>
    public void Add(NearEntry entry, NearEntry? replaced)
    {
        var partition = entry.Partition;
        if (replaced is not null && replaced.Partition != partition)
        {
            Remove(replaced);
            replaced = null;
        }

        partition.Add(entry, replaced);
        Count += replaced is null ? 1 : 0;
        Bytes += entry.Bytes - (replaced?.Bytes ?? 0);
        entry.Rule.Counters.Kept(1, entry.Bytes);
        replaced?.Rule.Counters.Kept(-1, -replaced.Bytes);
        if (partition.Count == 1 && !_inUse.Contains(partition))
        {
            _inUse.Add(partition);
        }
    }

    /// <summary>Returns the number of entries for which a partition should remember keys, or 0.</summary>
    public int EntriesToRemember(NearPartition partition) =>
        partition.EntriesToRemember(Math.Min(partition.MaxEntries, MaxEntries), Math.Min(partition.MaxBytes, MaxBytes));

    /// <summary>Removes an entry.</summary>
    public void Remove(NearEntry entry)
    {
        entry.Partition.Remove(entry);
        OnRemoved(entry);
    }

    /// <summary>Changes the size of an entry.</summary>
    public void Resize(NearEntry entry, int bytes)
    {
        Bytes += bytes - entry.Bytes;
        entry.Rule.Counters.Kept(0, bytes - entry.Bytes);
        entry.Partition.Resize(entry, bytes);
    }

    /// <summary>Removes the entry that the policy of a partition selects.</summary>
    public NearEntry? Evict(NearPartition partition, bool byBytes, ref int passes, long now)
    {
        var victim = partition.Evict(byBytes, ref passes, now);
        if (victim is not null)
        {
            OnRemoved(victim);
        }

        return victim;
    }

    private void OnRemoved(NearEntry entry)
    {
        Count--;
        Bytes -= entry.Bytes;
        entry.Rule.Counters.Kept(-1, -entry.Bytes);
        if (entry.Partition.Count == 0)
        {
            _inUse.Remove(entry.Partition);
        }
    }
}
