namespace NearCache.Near;

/// <summary>A part of the process that holds memory of a <see cref="MemoryBudget"/>. Thread-safe.</summary>
internal interface IMemoryUser
{
    /// <summary>Gets how many bytes it holds, by estimate.</summary>
    long Bytes { get; }

    /// <summary>Releases bytes. Called without a lock, after the budget was exceeded.</summary>
    /// <returns>How many it released; 0: it has nothing to release.</returns>
    long Release(long bytes);
}

/// <summary>The memory that all caches of a process may hold together, near entries and stale values. Thread-safe.</summary>
/// <remarks>
/// What holds most gives way. While the process is short of memory, the limit is lower: each observation of pressure takes a quarter of it,
/// down to an eighth; without pressure it grows back within a minute.
/// </remarks>
/// <param name="limit">The limit in bytes.</param>
internal sealed class MemoryBudget(long limit)
{
    private const int Full = 64;        // of as many parts, the limit is
    private const int Least = Full / 8;
    private const long Period = 1000;   // milliseconds between observations
    private const double Share = 0.2;
    private const double PressedAt = 0.95;

    private readonly Lock _lock = new();   // guards the users
    private readonly List<IMemoryUser> _users = [];
    private long _used;
    private long _observed = long.MinValue;
    private long _collections;
    private int _parts = Full;

    /// <summary>
    /// Gets the budget of this process: a fifth of the memory that the garbage collector has, by the container's limit if there is one.
    /// </summary>
    public static MemoryBudget Process { get; } = new((long)(Share * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes));

    /// <summary>Gets the limit now.</summary>
    public long Limit => limit / Full * Volatile.Read(ref _parts);

    /// <summary>Gets how many bytes are held.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Adds a user.</summary>
    public void Join(IMemoryUser user)
    {
        lock (_lock)
        {
            _users.Add(user);
        }
    }

    /// <summary>Removes a user, which has released all it held.</summary>
    public void Leave(IMemoryUser user)
    {
        lock (_lock)
        {
            _users.Remove(user);
        }
    }

    /// <summary>Counts bytes that a user holds from now on, or no longer.</summary>
    public void Count(long bytes) => Interlocked.Add(ref _used, bytes);

    /// <summary>Makes the largest users release what is held above the limit. Called without a lock.</summary>
    public void Enforce()
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

    /// <summary>Looks at the process's memory, once a second at most, and enforces the limit that follows.</summary>
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
    /// <param name="collections">The number of the latest collection. One that was seen before shows no new pressure.</param>
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
