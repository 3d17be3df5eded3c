using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Diagnostics;
using NearCache.Near.Eviction;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>The near tier: a map of entries with their validity, and limits on their number and memory.</summary>
/// <remarks>
/// <para>
/// A hit takes no lock. An insert holds the lock while it evicts what the entry needs and adds the entry, all of which is bounded. There is
/// no compaction, and a new entry is always kept. The <see cref="MemoryBudget"/> bounds the memory of all caches in the process.
/// </para>
/// <para>
/// Dropping a key takes the lock even if the key is absent. That orders it with a concurrent insert: either the insert comes later and
/// sees the advanced stripe, or the drop finds the entry.
/// </para>
/// </remarks>
internal sealed class NearStore : IDisposable, IMemoryUser
{
    // The maximum number of entries that one insert evicts: a large entry displaces many small ones.
    private const int MaxVictims = 4096;

    // The maximum number of used entries that one insert passes over. Then the next is evicted, used or not, which bounds the insert.
    private const int MaxPasses = 256;

    // One hit in 1,024 (a power of two) records the age of its confirmation.
    private const long SampleMask = 0x3FF;

    // The buckets that one step of the sweep scans under the lock, and the period of a full sweep.
    private const int BucketsPerSweepStep = 256;
    private const int SweepSeconds = 32;

    private readonly Lock _lock = new();   // guards all changes of the map, and the partitions
    private readonly NearPartitions _partitions = new();
    private readonly NearMap _map;
    private readonly NearCacheMetrics _metrics;
    private readonly ProcessEpochs _epochs;
    private readonly NearClock _clock;
    private readonly PerThreadCounter _hits;
    private readonly MemoryBudget _memory;
    private readonly ITimer _housekeeping;
    private int _sweep;   // the position of the sweep, a bucket
    private bool _isDisposed;
    private bool _isGrowing;   // a thread allocates a larger table or history
    private long _evictions;
    private NearEntry? _sampled;   // the last hit of the sample, for the monitor

    /// <summary>Creates an empty store.</summary>
    /// <param name="maxEntries">The largest number of entries.</param>
    /// <param name="maxBytes">The largest sum of their sizes; 0: no limit but the budget of the process.</param>
    /// <param name="hits">Counts the hits of each rule.</param>
    /// <param name="memory">The budget of memory. Default: that of the process.</param>
    public NearStore(
        int maxEntries,
        long maxBytes,
        ProcessEpochs epochs,
        NearClock clock,
        TimeProvider time,
        PerThreadCounter hits,
        NearCacheMetrics metrics,
        MemoryBudget? memory = null)
    {
        (_epochs, _clock, _hits, _metrics, _memory) = (epochs, clock, hits, metrics, memory ?? MemoryBudget.Process);
        _map = new NearMap(_lock);
        SetLimits(maxEntries, maxBytes);
        _memory.Join(this);
        var second = TimeSpan.FromSeconds(1);
        _housekeeping = time.CreateTimer(static state => ((NearStore)state!).RunMaintenance(), this, second, second);
    }

    /// <summary>Gets the number of near hits.</summary>
    public long Hits => _hits.Value;

    /// <summary>Gets the number of entries.</summary>
    public int Entries
    {
        get
        {
            lock (_lock)
            {
                return _partitions.Count;
            }
        }
    }

    /// <summary>Gets the estimated sum of the entries' sizes.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _partitions.Bytes;
            }
        }
    }

    /// <summary>Gets the number of entries evicted for lack of room.</summary>
    public long Evictions => Interlocked.Read(ref _evictions);

    /// <summary>Changes the limits. The sweep evicts the excess within seconds.</summary>
    public void SetLimits(int maxEntries, long maxBytes)
    {
        lock (_lock)
        {
            _partitions.MaxEntries = maxEntries;
            _partitions.MaxBytes = maxBytes == 0 ? long.MaxValue : maxBytes;
        }
    }

    /// <summary>Returns the validity of an entry whose fill ends now.</summary>
    /// <param name="rule">The rule that keeps the key near.</param>
    /// <param name="server">The server that owns the key.</param>
    /// <param name="token">The token of the fill.</param>
    public NearValidity ValidityOf(ActiveRule rule, ServerGate server, in FillToken token) =>
        _partitions.Of(rule).ValidityOf(server, token);

    /// <summary>Finds a value that may be served now.</summary>
    /// <remarks>
    /// No allocation, no lock, no network. Comparing the count of confirmations detects an entry that was voided during the read: the gate
    /// that opened because of the voiding must not admit it.
    /// </remarks>
    [SkipLocalsInit]
    public bool TryGet<T>(ReadOnlySpan<char> key, out CacheResult<T> result)
    {
        if (TryServe(key, out result) is not { } entry)
        {
            return false;
        }

        CountHits(entry, 1);
        return true;
    }

    /// <summary>
    /// Finds a value that may be served now, as <see cref="TryGet"/> does. The caller counts the hit by <see cref="CountHits"/>.
    /// </summary>
    /// <returns>The entry of the value, or null.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public NearEntry? TryServe<T>(ReadOnlySpan<char> key, out CacheResult<T> result)
    {
        while (true)
        {
            var confirmations = _epochs.Confirmations;
            if (_map.Find(new NearKey(key)) is not { } entry || !TryServe(entry, out result))
            {
                result = default;
                return null;
            }

            if (confirmations == _epochs.Confirmations)
            {
                Use(entry);
                return entry;
            }
        }
    }

    /// <summary>Adds an entry, and makes it servable if its token is still valid then.</summary>
    /// <returns>
    /// False if the key was voided since the token was taken, or if the entry exceeds a limit alone; nothing is kept.
    /// </returns>
    public bool TryInsert(NearEntry entry, ServerGate server, in FillToken token)
    {
        int remembered, buckets;
        bool grows;
        lock (_lock)
        {
            if (_isDisposed || ExceedsLimitAlone(entry, entry.Bytes))
            {
                return false;
            }

            // Eviction comes before the addition, so that the new entry is no candidate.
            var replaced = _map.Find(new NearKey(entry.Key));
            EvictFor(entry, replaced);
            replaced = _map.Put(entry);
            _partitions.Add(entry, replaced);
            _memory.Count(entry.Bytes - (replaced?.Bytes ?? 0));
            (remembered, buckets) = (_partitions.EntriesToRemember(entry.Partition), _map.NeededSize);
            grows = !_isGrowing && remembered + buckets > 0;
            _isGrowing |= grows;
        }

        if (grows)
        {
            Grow(entry.Partition, remembered, buckets);
        }

        if (_memory.Used > _memory.Limit)
        {
            _memory.Enforce();
        }

        if (server.MayServe(token))
        {
            entry.MakeServable();
            return true;
        }

        lock (_lock)
        {
            // A newer entry of the key stays.
            if (_map.Remove(entry))
            {
                AccountRemoved(entry);
            }
        }

        return false;
    }

    /// <summary>Corrects the size of an entry whose value has been decoded, and evicts what then exceeds a limit.</summary>
    /// <param name="entry">The entry; nothing is done if it has left the store.</param>
    /// <param name="valueBytes">The estimated size of the value.</param>
    public void Resize(NearEntry entry, long valueBytes)
    {
        var bytes = NearEntry.SizeOf(entry.Key, valueBytes);
        if (entry.Bytes == bytes)
        {
            return;
        }

        lock (_lock)
        {
            if (entry.Queue == EvictionQueue.None)
            {
                return;
            }

            if (ExceedsLimitAlone(entry, bytes))
            {
                _map.Remove(entry);
                AccountRemoved(entry);
                _evictions++;
                return;
            }

            _memory.Count(bytes - entry.Bytes);
            _partitions.Resize(entry, bytes);
            EvictExcess(entry.Partition, MaxVictims, _clock.Monotonic());
        }

        if (_memory.Used > _memory.Limit)
        {
            _memory.Enforce();
        }
    }

    /// <summary>Drops a key. Requires that the key's stripe was advanced before.</summary>
    /// <returns>The dropped entry, or null.</returns>
    public NearEntry? Drop(string key)
    {
        lock (_lock)
        {
            var entry = _map.Remove(new NearKey(key));
            if (entry is not null)
            {
                AccountRemoved(entry);
            }

            return entry;
        }
    }

    /// <summary>Evicts entries because the process needs the memory.</summary>
    public long Release(long bytes)
    {
        lock (_lock)
        {
            var (before, passes, now) = (_partitions.Bytes, MaxPasses, _clock.Monotonic());
            for (var most = MaxVictims;
                most > 0 && before - _partitions.Bytes < bytes && _partitions.Largest(byBytes: true) is { } partition;
                most--)
            {
                partition.OnPressure();
                Evict(partition, byBytes: true, ref passes, now);
            }

            return before - _partitions.Bytes;
        }
    }

    /// <summary>Empties the store. Later inserts are refused.</summary>
    public void Dispose()
    {
        _housekeeping.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            var passes = 0;
            while (_partitions.Largest(byBytes: false) is { } partition
                && _partitions.Evict(partition, byBytes: false, ref passes, long.MaxValue) is { } entry)
            {
                _map.Remove(entry);
                _memory.Count(-entry.Bytes);
            }
        }

        _memory.Leave(this);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryServe<T>(NearEntry entry, out CacheResult<T> result)
    {
        var now = _clock.Now();
        if (entry.IsServable(now) && TryTake<T>(entry.Value, out var value))
        {
            result = new CacheResult<T>(value!, CacheSource.Near, (int)(now.Monotonic - entry.FetchedAt), entry.Version);
            return true;
        }

        result = default;
        return false;
    }

    /// <summary>
    /// Returns the entry of a key, servable or not, for callers with conditions besides <see cref="NearEntry.IsServable"/>.
    /// </summary>
    /// <remarks>
    /// The caller compares <see cref="ProcessEpochs.Confirmations"/> before and after as <c>TryGet</c> does, and calls <see cref="Hit"/>.
    /// </remarks>
    public NearEntry? Find(in NearKey key) => _map.Find(key);

    /// <summary>Returns the entry of a whole key, servable or not.</summary>
    public NearEntry? Find(string key) => _map.Find(new NearKey(key));

    /// <summary>Takes the entry of the last hit of the sample; null if there was none since the last call, because hits are few.</summary>
    public NearEntry? TakeSampledHit() => Interlocked.Exchange(ref _sampled, null);

    /// <summary>Returns an entry with hits, at random; null if none is near the random place.</summary>
    public NearEntry? FindUsed() => _map.FindUsed(Random.Shared.Next(), BucketsPerSweepStep);

    /// <summary>Gets a stored value as a <typeparamref name="T"/>. Returns false if it was stored as another type.</summary>
    internal static bool TryTake<T>(object? stored, out T? value)
    {
        if (TypeTest.Is(stored, out value))
        {
            return true;
        }

        if (stored is SerializedValue bytes)
        {
            return bytes.TryDecode(out value);
        }

        value = default;
        return stored is null && value is null;
    }

    /// <summary>Records that an entry was served.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Hit(NearEntry entry)
    {
        Use(entry);
        CountHits(entry, 1);
    }

    /// <summary>Counts hits of entries of one rule.</summary>
    /// <param name="entry">The last of the entries.</param>
    /// <param name="hits">The number of hits.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void CountHits(NearEntry entry, int hits)
    {
        if ((_hits.Add(entry.Rule.HitsPart, hits) & SampleMask) < hits)
        {
            _metrics.ConfirmationAge(entry.ConfirmedBefore(_clock.Now()));
            Volatile.Write(ref _sampled, entry);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Use(NearEntry entry)
    {
        if (entry.Uses < EvictionNode.MaxUses)
        {
            Touch(entry);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Touch(NearEntry entry)
    {
        entry.Uses++;
        entry.Partition.Touch(entry);
    }

    // Requires _lock.
    private void EvictFor(NearEntry entry, NearEntry? replaced)
    {
        var (bytes, entries) = replaced?.Rule == entry.Rule ? (entry.Bytes - replaced.Bytes, 0) : (entry.Bytes, 1);
        var (passes, now) = (MaxPasses, 0L);
        for (var most = MaxVictims;
            most > 0 && _partitions.FindOverLimit(entry.Partition, bytes, entries, out var byBytes) is { } partition;
            most--)
        {
            now = now == 0 ? _clock.Monotonic() : now;
            (bytes, entries) = Evict(partition, byBytes, ref passes, now) == replaced ? (entry.Bytes, 1) : (bytes, entries);
        }
    }

    // Allocates without the lock: where there are many entries, arrays of megabytes, which the runtime zeroes.
    private void Grow(NearPartition partition, int remembered, int buckets)
    {
        KeyHistory? history = null;
        NearEntry?[]? larger = null;
        try
        {
            history = remembered > 0 ? new KeyHistory(remembered) : null;
            larger = buckets > 0 ? new NearEntry?[buckets] : null;
        }
        finally
        {
            lock (_lock)
            {
                _isGrowing = false;
                if (history is not null)
                {
                    partition.Remember(history);
                }

                if (larger is not null)
                {
                    _map.Double(larger);
                }
            }
        }
    }

    // Requires _lock. The partition is one that may exceed its own limits; null: none.
    private void EvictExcess(NearPartition? partition, int most, long now)
    {
        for (var passes = MaxPasses;
            most > 0 && _partitions.FindOverLimit(partition, bytes: 0, entries: 0, out var byBytes) is { } full;
            most--)
        {
            Evict(full, byBytes, ref passes, now);
        }
    }

    // Requires _lock.
    private bool ExceedsLimitAlone(NearEntry entry, int bytes) =>
        bytes > Math.Min(_partitions.MaxBytes, entry.Partition.MaxBytes) || bytes > _memory.Limit;

    // Requires _lock.
    private NearEntry? Evict(NearPartition partition, bool byBytes, ref int passes, long now)
    {
        var victim = _partitions.Evict(partition, byBytes, ref passes, now);
        if (victim is not null)
        {
            _map.Remove(victim);
            _memory.Count(-victim.Bytes);
            _evictions++;
        }

        return victim;
    }

    // Requires _lock, and that the entry has been removed from the map.
    private void AccountRemoved(NearEntry entry)
    {
        _partitions.Remove(entry);
        _memory.Count(-entry.Bytes);
    }

    // Removes expired and void entries before their keys are requested, because they may be large. Evicts what exceeds limits that were
    // lowered, or that one insert could not restore.
    private void RunMaintenance()
    {
        var now = _clock.Monotonic();
        _memory.Observe(now);
        var buckets = FinishDoubling();

        for (var remaining = Math.Max(BucketsPerSweepStep, buckets / SweepSeconds); remaining > 0; remaining -= BucketsPerSweepStep)
        {
            lock (_lock)
            {
                var budget = BucketsPerSweepStep;
                while (_map.FindRemovable(ref _sweep, ref budget, now, _partitions) is { } entry)
                {
                    _evictions += entry.IsExpiredOrVoid(now) ? 0 : 1;
                    _map.Remove(entry);
                    AccountRemoved(entry);
                }

                EvictExcess(partition: null, BucketsPerSweepStep, now);
            }
        }
    }

    // Inserts may be few: a lookup is cheaper when all entries are in one table.
    private int FinishDoubling()
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_map.Move(BucketsPerSweepStep))
                {
                    return _map.BucketCount;
                }
            }
        }
    }
}
