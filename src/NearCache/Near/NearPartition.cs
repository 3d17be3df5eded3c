using NearCache.Near.Eviction;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>The near entries of one rule with its own limits, or of all rules without.</summary>
/// <remarks>Requires the store's lock, except for <see cref="Touch"/>.</remarks>
/// <param name="rule">The rule, whose present limits apply; null for all rules without limits.</param>
internal sealed class NearPartition(ActiveRule? rule = null)
{
    private readonly EvictionPolicy _policy = new();
    private ShadowCaches? _shadows;
    private int _remembered;   // the size of the policy's history, in entries; 0: none yet
    private bool _isPressed;

    /// <summary>Gets the largest number of entries.</summary>
    public int MaxEntries => rule?.Rule.MaxEntries ?? int.MaxValue;

    /// <summary>Gets the largest sum of sizes.</summary>
    public long MaxBytes => rule?.Rule.MaxBytes ?? long.MaxValue;

    /// <summary>Gets the number of entries.</summary>
    public int Count => _policy.Count;

    /// <summary>Gets the sum of the entries' sizes.</summary>
    public long Bytes => _policy.Bytes;

    /// <summary>Gets whether the byte limit is closer than the entry limit.</summary>
    public bool IsShortOfBytes => (double)Bytes / MaxBytes > (double)Count / MaxEntries;

    /// <summary>Gets the name of the policy's mode.</summary>
    public string Mode => _policy.Mode.Name;

    /// <summary>Returns whether an addition would exceed a limit. Entries of the rule that other partitions hold count too.</summary>
    public bool IsFullFor(long bytes, int entries) =>
        rule is not null && (rule.Counters.NearBytes + bytes > MaxBytes || rule.Counters.NearEntries + entries > MaxEntries);

    /// <summary>Records a hit for the choice of the mode.</summary>
    public void Touch(NearEntry entry) => Volatile.Read(ref _shadows)?.Touch(entry.Hash);

    /// <summary>Adds an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="replaced">The entry of the same key in this partition, or null.</param>
    public void Add(NearEntry entry, NearEntry? replaced)
    {
        if (replaced is not null)
        {
            _policy.Replace(replaced, entry);
            return;
        }

        _policy.Add(entry);
        if (_shadows?.Miss(entry.Hash) == true)
        {
            _policy.Mode = EvictionMode.All[_shadows.Best];
        }
    }

    /// <summary>Removes an entry of this partition.</summary>
    public void Remove(NearEntry entry) => _policy.Remove(entry);

    /// <summary>Changes the size of an entry of this partition.</summary>
    public void Resize(NearEntry entry, int bytes) => _policy.Resize(entry, bytes);

    /// <summary>Removes the entry that the policy selects.</summary>
    /// <param name="byBytes">Whether the byte limit is the one exceeded.</param>
    /// <param name="passes">The number of used entries that may be passed over; lowered by those passed.</param>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    public NearEntry? Evict(bool byBytes, ref int passes, long now) => (NearEntry?)_policy.Evict(byBytes, ref passes, now);

    /// <summary>
    /// Returns the number of entries for which the partition should remember keys, or 0 if it does already, or need not: a history takes
    /// some bytes per entry, and has no use before the partition is half full.
    /// </summary>
    /// <param name="maxEntries">The effective limit of entries.</param>
    /// <param name="maxBytes">The effective limit of bytes.</param>
    public int EntriesToRemember(int maxEntries, long maxBytes) =>
        Count > 2L * _remembered && Count > maxEntries / 2 ? maxEntries
        : Count > 2L * _remembered && Bytes > maxBytes / 2 ? (int)Math.Min(maxEntries, 2L * Count)
        : _isPressed && _remembered == 0 ? Count
        : 0;

    /// <summary>Begins to remember keys, or starts over with another size.</summary>
    public void Remember(KeyHistory history)
    {
        _remembered = history.Entries;
        _policy.Remember(history.Sketch, history.Ghosts);
        Volatile.Write(ref _shadows, history.Shadows);
    }

    /// <summary>Lets the history start at the current size, because other caches of the process take the rest of the memory.</summary>
    public void OnPressure() => _isPressed = true;
}

/// <summary>What the choice of victims knows of keys besides the entries. Created without the lock: its arrays are large.</summary>
/// <param name="entries">The number of entries that the partition is expected to hold when it is full.</param>
internal sealed class KeyHistory(int entries)
{
    public int Entries { get; } = entries;

    public FrequencySketch Sketch { get; } = new(entries);

    public GhostTable Ghosts { get; } = new(entries);

    public ShadowCaches Shadows { get; } = new(entries);
}
