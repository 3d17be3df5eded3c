namespace NearCache.Near;

/// <summary>A part of the process that holds memory of a <see cref="MemoryBudget"/>. Thread-safe.</summary>
internal interface IMemoryUser
{
    /// <summary>Gets the estimated number of bytes that it holds.</summary>
    long Bytes { get; }

    /// <summary>Releases bytes. Called without a lock, after the budget was exceeded.</summary>
    /// <returns>The number of released bytes; 0 if there was nothing to release.</returns>
    long Release(long bytes);
}

/// <summary>Bounds the memory of near entries and stale values of all caches in a process together. Thread-safe.</summary>
/// <remarks>
/// The largest user releases first. Each observation of memory pressure lowers the limit by a quarter, down to an eighth of the full limit;
/// without pressure it returns to the full limit within a minute.
/// </remarks>
/// <param name="limit">The limit in bytes.</param>
internal sealed class MemoryBudget(long limit)
{
    private const int Full = 64;        // the parts of the full limit
    private const int Least = Full / 8;
    private const long Period = 1000;   // milliseconds between observations
    private const double Share = 0.2;
    private const double PressedAt = 0.95;

    private readonly Lock _lock = new();   // guards the users
    private readonly Lock _enforcing = new();   // so that threads do not release the same excess
    private readonly List<IMemoryUser> _users = [];
    private long _used;
    private long _observed = long.MinValue;
    private long _collections;
    private int _parts = Full;

    /// <summary>
    /// Gets the budget of this process: a fifth of the memory available to the garbage collector, which respects a container's limit.
    /// </summary>
    public static MemoryBudget Process { get; } = new((long)(Share * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));

    /// <summary>Gets the current limit.</summary>
    public long Limit => limit / Full * Volatile.Read(ref _parts);

    /// <summary>Gets the number of bytes that all users hold.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Adds a user.</summary>
    public void Join(IMemoryUser user)
    {
        lock (_lock)
        {
            _users.Add(user);
        }
    }

    /// <summary>Removes a user. Requires that it has released everything.</summary>
    public void Leave(IMemoryUser user)
    {
        lock (_lock)
        {
            _users.Remove(user);
        }
    }

    /// <summary>Adds to the number of bytes held; negative when a user releases some.</summary>
    public void Count(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Makes the largest users release what exceeds the limit. Called without a lock.</summary>
    public void Enforce()
    {
        lock (_enforcing)
        {
            for (var excess = Used - Limit; excess > 0; excess = Used - Limit)
            {
                IMemoryUser? largest;
                lock (_lock)
                {
                    largest = _users.MaxBy(user => user.Bytes);
                }

                if (largest is null || largest.Release(excess) == 0)
                {
                    return;
                }
            }
        }
    }

    /// <summary>Adapts the limit to the memory load of the process, at most once a second, and enforces it.</summary>
    public void Observe(long now)
    {
        var last = Volatile.Read(ref _observed);
        if (now - last >= Period || last == long.MinValue)
        {
            if (Interlocked.CompareExchange(ref _observed, now, last) == last)
            {
                var info = GC.GetGCMemoryInfo();
                Adapt(info.Index, info.MemoryLoadBytes >= PressedAt * info.HighMemoryLoadThresholdBytes);
            }
        }
    }

    /// <summary>Lowers the limit if the process is short of memory; otherwise raises it a little.</summary>
    /// <param name="collections">The index of the latest collection. A known index shows no new pressure.</param>
    /// <param name="isPressed">Whether that collection found the process short of memory.</param>
    public void Adapt(long collections, bool isPressed)
    {
        var isNew = Interlocked.Exchange(ref _collections, collections) != collections;
        var parts = Volatile.Read(ref _parts);
        parts = isPressed && isNew ? parts * 3 / 4 : isPressed ? parts : parts + 1;
        Volatile.Write(ref _parts, Math.Clamp(parts, Least, Full));
        Enforce();
    }
}
