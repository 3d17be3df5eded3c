using System.Runtime.CompilerServices;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>The partitions of a near store: one for each rule with its own limits, and one for all other rules.</summary>
/// <remarks>
/// Requires the store's lock, except for <see cref="Of"/>. A rule that is given limits leaves its earlier entries in the common partition,
/// where they count against the limits.
/// </remarks>
internal sealed class NearPartitions
{
    private readonly Lock _adding = new();   // guards additions to the rules
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
    public NearRule Of(ActiveRule rule) => _rules.TryGetValue(rule, out var known) && IsCurrent(known, rule) ? known : Add(rule);

    /// <summary>
    /// Returns whether an entry was added before its rule had limits, and the rule is above them. Its own partition may be empty, so this
    /// entry is removed.
    /// </summary>
    public bool IsSurplus(NearEntry entry) =>
        entry.Partition == _common && HasLimits(entry.Rule) && Of(entry.Rule).Partition.IsFullFor(bytes: 0, entries: 0);

    /// <summary>Returns the partition to evict from before an entry is added, or null if no limit is exceeded.</summary>
    /// <param name="partition">The entry's partition; null for none, which looks for any partition above its limits.</param>
    /// <param name="bytes">The bytes that the entry adds.</param>
    /// <param name="entries">The entries that it adds: 1, or 0 if it replaces one.</param>
    /// <param name="byBytes">Whether the byte limit is the one exceeded.</param>
    /// <remarks>
    /// A full partition evicts its own entries. At the limit of all, the largest evicts, so that no rule displaces the others.
    /// </remarks>
    public NearPartition? FindOverLimit(NearPartition? partition, long bytes, int entries, out bool byBytes)
    {
        partition ??= _inUse.Find(static other => other.IsFullFor(bytes: 0, entries: 0));
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

    private static bool HasLimits(ActiveRule rule) => rule.Rule is not { MaxEntries: null, MaxBytes: null };

    // Entries of a rule that has been given limits belong to its own partition from now on.
    private bool IsCurrent(NearRule known, ActiveRule rule) => known.Partition != _common || !HasLimits(rule);

    private NearRule Add(ActiveRule rule)
    {
        lock (_adding)
        {
            if (!_rules.TryGetValue(rule, out var known) || !IsCurrent(known, rule))
            {
                known = new NearRule(rule, HasLimits(rule) ? new NearPartition(rule) : _common);
                _rules.AddOrUpdate(rule, known);
            }

            return known;
        }
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
