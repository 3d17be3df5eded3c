using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Diagnostics;
using NearCache.Near.Eviction;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>The near tier: a map of entries, each of which knows when it may be served, and bounds on their number and memory.</summary>
/// <remarks>
/// <para>
/// A hit takes no lock. An insert takes it for as long as it takes to evict as much as the entry needs and to add the entry; nothing is
/// ever
/// compacted, and a new entry is always kept. Memory is bounded over all caches of the process by the <see cref="MemoryBudget"/>.
/// </para>
/// <para>
/// Dropping a key takes the lock also when the key is not there. That orders it with a concurrent insert: either the insert comes later and
/// sees that the stripe was advanced, or the entry is found here.
/// </para>
/// </remarks>
internal sealed class NearStore : IDisposable, IMemoryUser
{
    // The most entries that one insert evicts: a large entry needs the room of many small ones.
    private const int MaxVictims = 4096;

    // The most used entries that one insert passes over. After that the next is evicted, used or not, so that every insert is short.
    private const int MaxPasses = 256;

    // One hit in so many (a power of two) records how old its confirmation was.
    private const long SampleMask = 0x3FF;

    // The chains that one turn of the sweep looks through under the lock, and the time in which it looks through all.
    private const int SweepSteps = 256;
    private const int SweepSeconds = 32;

    private readonly Lock _lock = new();   // guards all changes of the map, and the rooms
    private readonly NearRooms _rooms = new();
    private readonly NearMap _map;
    private readonly NearCacheMetrics _metrics;
    private readonly ProcessEpochs _epochs;
    private readonly NearClock _clock;
    private readonly PerThreadCounter _hits;
    private readonly MemoryBudget _memory;
    private readonly ITimer _housekeeping;
    private int _sweep;   // the chain at which the next sweep continues
    private bool _isDisposed;
    private long _evictions;

    /// <summary>Creates an empty store.</summary>
    /// <param name="maxEntries">The largest number of entries.</param>
    /// <param name="maxBytes">The largest sum of their sizes; 0: only the process's budget counts.</param>
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
        SetRoom(maxEntries, maxBytes);
        _memory.Join(this);
        var second = TimeSpan.FromSeconds(1);
        _housekeeping = time.CreateTimer(static state => ((NearStore)state!).Sweep(), this, second, second);
    }

    /// <summary>Gets the number of reads that were answered from here.</summary>
    public long Hits => _hits.Value;

    /// <summary>Gets the number of entries.</summary>
    public int Entries
    {
        get
        {
            lock (_lock)
            {
                return _rooms.Count;
            }
        }
    }

    /// <summary>Gets the sum of the entries' sizes, by estimate.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _rooms.Bytes;
            }
        }
    }

    /// <summary>Gets the number of entries that left because there was no room.</summary>
    public long Evictions => Interlocked.Read(ref _evictions);

    /// <summary>Changes the limits. What is above them leaves within seconds.</summary>
    public void SetRoom(int maxEntries, long maxBytes)
    {
        lock (_lock)
        {
            _rooms.MaxEntries = maxEntries;
            _rooms.MaxBytes = maxBytes == 0 ? long.MaxValue : maxBytes;
        }
    }

    /// <summary>Returns what must be true for an entry to be served whose fill ends now.</summary>
    /// <param name="rule">The rule that keeps the key near.</param>
    /// <param name="server">The server that owns the key.</param>
    /// <param name="token">The token of the fill.</param>
    public NearValidity ValidityOf(ActiveRule rule, ServerGate server, in FillToken token) => _rooms.Of(rule).ValidityOf(server, token);

    /// <summary>Finds a value that may be served now.</summary>
    /// <remarks>
    /// No allocation, no lock, no network. The count of confirmations is compared because this reader may hold an entry that has been
    /// voided since: the gate, which opened because of the voiding, must not let it pass.
    /// </remarks>
    public bool TryGet<T>(ReadOnlySpan<char> key, out CacheResult<T> result)
    {
        while (true)
        {
            var confirmations = _epochs.Confirmations;
            if (_map.Find(new NearKey(key)) is not { } entry || !TryServe(entry, out result))
            {
                result = default;
                return false;
            }

            if (confirmations == _epochs.Confirmations)
            {
                Hit(entry);
                return true;
            }
        }
    }

    /// <summary>Adds an entry, and lets it be served if its token is still true then.</summary>
    /// <returns>
    /// False: the key was voided since the token was taken, or the entry alone is larger than its room; nothing is kept.
    /// </returns>
    public bool TryInsert(NearEntry entry, ServerGate server, in FillToken token)
    {
        lock (_lock)
        {
            if (_isDisposed || entry.Bytes > Math.Min(_rooms.MaxBytes, entry.Room.MaxBytes) || entry.Bytes > _memory.Limit)
            {
                return false;
            }

            // Room is made before the entry is added: a new entry is no candidate for its own place.
            var replaced = _map.Find(new NearKey(entry.Key));
            MakeRoom(entry, replaced);
            replaced = _map.Put(entry);
            _rooms.Add(entry, replaced);
            _memory.Count(entry.Bytes - (replaced?.Bytes ?? 0));
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
                Forget(entry);
            }
        }

        return false;
    }

    /// <summary>Drops a key. The caller has advanced the key's stripe before.</summary>
    /// <returns>The entry that was there.</returns>
    public NearEntry? Drop(string key)
    {
        lock (_lock)
        {
            var entry = _map.Remove(new NearKey(key));
            if (entry is not null)
            {
                Forget(entry);
            }

            return entry;
        }
    }

    /// <summary>Evicts entries because the process needs the memory.</summary>
    public long Release(long bytes)
    {
        lock (_lock)
        {
            var (before, passes, now) = (_rooms.Bytes, MaxPasses, _clock.Monotonic());
            for (var most = MaxVictims; most > 0 && before - _rooms.Bytes < bytes && _rooms.Largest(byBytes: true) is { } room; most--)
            {
                room.Learn();
                Evict(room, byBytes: true, ref passes, now);
            }

            return before - _rooms.Bytes;
        }
    }

    /// <summary>Empties the store permanently: it serves and keeps nothing afterwards.</summary>
    public void Dispose()
    {
        _housekeeping.Dispose();
        lock (_lock)
        {
            _isDisposed = true;
            var passes = 0;
            while (_rooms.Largest(byBytes: false) is { } room && _rooms.Evict(room, byBytes: false, ref passes, long.MaxValue) is { } entry)
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
    /// Returns the entry of a key, whether or not it may be served. For callers with conditions besides
    /// <see cref="NearEntry.IsServable"/>.
    /// </summary>
    /// <remarks>
    /// The caller compares <see cref="ProcessEpochs.Confirmations"/> before and after, as <c>TryGet</c> does, and calls <see cref="Hit"/>.
    /// </remarks>
    public NearEntry? Find(in NearKey key) => _map.Find(key);

    /// <inheritdoc cref="Find(in NearKey)"/>
    public NearEntry? Find(string key) => _map.Find(new NearKey(key));

    /// <summary>Converts a stored value to a <typeparamref name="T"/>. Returns false if it was stored as another type.</summary>
    internal static bool TryTake<T>(object? stored, out T? value)
    {
        if (TypeTest.Is(stored, out value))
        {
            return true;
        }

        if (stored is NearBytes bytes)
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
        if (entry.Uses < EvictionNode.MaxUses)
        {
            Touch(entry);
        }

        if ((_hits.Add(entry.Rule.HitsPart) & SampleMask) == 0)
        {
            _metrics.ConfirmationAge(entry.ConfirmedBefore(_clock.Now()));
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Touch(NearEntry entry)
    {
        entry.Uses++;
        entry.Room.Touch(entry);
    }

    // Requires _lock.
    private void MakeRoom(NearEntry entry, NearEntry? replaced)
    {
        var (bytes, entries) = replaced?.Room == entry.Room ? (entry.Bytes - replaced.Bytes, 0) : (entry.Bytes, 1);
        var (passes, now) = (MaxPasses, 0L);
        for (var most = MaxVictims; most > 0 && _rooms.Crowded(entry.Room, bytes, entries, out var byBytes) is { } room; most--)
        {
            now = now == 0 ? _clock.Monotonic() : now;
            (bytes, entries) = Evict(room, byBytes, ref passes, now) == replaced ? (entry.Bytes, 1) : (bytes, entries);
        }
    }

    // Requires _lock.
    private NearEntry? Evict(NearRoom room, bool byBytes, ref int passes, long now)
    {
        var victim = _rooms.Evict(room, byBytes, ref passes, now);
        if (victim is not null)
        {
            _map.Remove(victim);
            _memory.Count(-victim.Bytes);
            _evictions++;
        }

        return victim;
    }

    // Requires _lock. The entry has left the map.
    private void Forget(NearEntry entry)
    {
        _rooms.Remove(entry);
        _memory.Count(-entry.Bytes);
    }

    // Entries that expired or were voided leave now, not when their key is read next: they may be large.
    private void Sweep()
    {
        var now = _clock.Monotonic();
        _memory.Observe(now);
        int chains;
        lock (_lock)
        {
            chains = _map.Chains;
        }

        for (var left = Math.Max(SweepSteps, chains / SweepSeconds); left > 0; left -= SweepSteps)
        {
            lock (_lock)
            {
                var looks = SweepSteps;
                while (_map.FindOver(ref _sweep, ref looks, now) is { } entry)
                {
                    _map.Remove(entry);
                    Forget(entry);
                }

                var passes = MaxPasses;
                for (var most = SweepSteps; most > 0 && _rooms.Crowded(null, bytes: 0, entries: 0, out var byBytes) is { } room; most--)
                {
                    Evict(room, byBytes, ref passes, now);
                }
            }
        }
    }
}
