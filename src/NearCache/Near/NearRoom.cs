using NearCache.Near.Eviction;

namespace NearCache.Near;

/// <summary>The room of the near entries of one rule with limits of its own, or of all other rules.</summary>
/// <remarks>Requires the store's lock, except for <see cref="Touch"/> and <see cref="SetLimits"/>.</remarks>
internal sealed class NearRoom
{
    private readonly EvictionPolicy _policy = new();
    private ShadowCaches? _shadows;
    private int _expected;   // entries when full, by which the policy's memory is sized; 0: it remembers nothing yet
    private int _maxEntries = int.MaxValue;
    private long _maxBytes = long.MaxValue;

    /// <summary>Gets the largest number of entries.</summary>
    public int MaxEntries => Volatile.Read(ref _maxEntries);

    /// <summary>Gets the largest sum of sizes.</summary>
    public long MaxBytes => Volatile.Read(ref _maxBytes);

    /// <summary>Gets the number of entries.</summary>
    public int Count => _policy.Count;

    /// <summary>Gets the sum of the entries' sizes.</summary>
    public long Bytes => _policy.Bytes;

    /// <summary>Gets whether the limit of bytes is nearer than that of entries.</summary>
    public bool IsShortOfBytes => (double)Bytes / MaxBytes > (double)Count / MaxEntries;

    /// <summary>Gets the name of the policy's mode.</summary>
    public string Mode => _policy.Mode.Name;

    /// <summary>Changes the limits.</summary>
    public void SetLimits(int maxEntries, long maxBytes)
    {
        Volatile.Write(ref _maxEntries, maxEntries);
        Volatile.Write(ref _maxBytes, maxBytes);
    }

    /// <summary>Returns whether there is less room than required.</summary>
    public bool IsFullFor(long bytes, int entries) => Bytes + bytes > MaxBytes || Count + entries > MaxEntries;

    /// <summary>Notes a hit for the choice of the mode.</summary>
    public void Touch(NearEntry entry) => Volatile.Read(ref _shadows)?.Touch(entry.Hash);

    /// <summary>Adds an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="replaced">The entry of the same key that it replaces, if that was here.</param>
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

    /// <summary>Removes an entry that is here.</summary>
    public void Remove(NearEntry entry) => _policy.Remove(entry);

    /// <summary>Removes the entry that should leave first.</summary>
    /// <param name="byBytes">Whether bytes are short, and not entries.</param>
    /// <param name="passes">How many used entries may be passed over; lowered by those that were.</param>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    public NearEntry? Evict(bool byBytes, ref int passes, long now) => (NearEntry?)_policy.Evict(byBytes, ref passes, now);

    /// <summary>
    /// Begins the policy's memory of keys when half of the room is taken: it takes some bytes per entry, and is of no use before.
    /// </summary>
    /// <param name="maxEntries">The limit of entries that counts.</param>
    /// <param name="maxBytes">The limit of bytes that counts.</param>
    public void Learn(int maxEntries, long maxBytes)
    {
        if (Count <= 2L * _expected)
        {
            return;
        }

        if (Count > maxEntries / 2)
        {
            Remember(maxEntries);
        }
        else if (Bytes > maxBytes / 2)
        {
            Remember((int)Math.Min(maxEntries, 2L * Count));
        }
    }

    /// <summary>Begins the policy's memory with as many entries as there are: other caches of the process leave no more room.</summary>
    public void Learn()
    {
        if (_expected == 0 && Count > 0)
        {
            Remember(Count);
        }
    }

    private void Remember(int entries)
    {
        _expected = Math.Max(1, entries);
        _policy.Remember(_expected);
        Volatile.Write(ref _shadows, new ShadowCaches(_expected));
    }
}
