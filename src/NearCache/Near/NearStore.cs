using System.Runtime.CompilerServices;
using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger.Core;
using NearCache.Diagnostics;

namespace NearCache.Near;

/// <summary>The near tier: a map of entries, each of which knows when it may be served, and a bound on how many there are.</summary>
/// <remarks>
/// <para>
/// A hit takes no lock. What changes the map does, for as long as it takes to put one entry in and to take out as many as stood in its
/// place: nothing is ever compacted, so no call waits for that, and what has just come is kept.
/// </para>
/// <para>
/// Dropping a key takes the lock also when the key is not there. That orders it with an insert under way: either the insert comes later and
/// sees that the stripe was advanced, or the entry is found here.
/// </para>
/// </remarks>
internal sealed class NearStore : IDisposable
{
    // So many entries does one insert take out at most, a large one that needs the room of small ones.
    private const int MostVictims = 4096;

    // So many entries are passed over by one insert, because they were used lately. After that the next goes, used or not, so that no
    // insert takes long.
    private const int MostPasses = 256;

    // One hit in so many tells the meter how old its confirmation was.
    private const long SampleMask = 0x3FF;

    // So many entries are looked at in one go; and all of them in about so many seconds.
    private const int LooksAtOnce = 256;
    private const int SweepSeconds = 32;

    private readonly Lock _lock = new();   // guards all changes of the map, and the sieve
    private readonly Sieve _sieve = new();
    private readonly NearMap _map;
    private readonly NearCacheMetrics _metrics;
    private readonly ProcessEpochs _epochs;
    private readonly NearClock _clock;
    private readonly PerThreadCounter _hits;
    private readonly ITimer _housekeeping;
    private int _mostEntries;
    private long _mostBytes;
    private long _evictions;

    /// <summary>Makes an empty store.</summary>
    /// <param name="mostEntries">How many entries there is room for.</param>
    /// <param name="mostBytes">How many bytes there is room for, about; 0: the entries alone count.</param>
    /// <param name="hits">Counts the hits of each rule.</param>
    public NearStore(
        int mostEntries,
        long mostBytes,
        ProcessEpochs epochs,
        NearClock clock,
        TimeProvider time,
        PerThreadCounter hits,
        NearCacheMetrics metrics)
    {
        (_epochs, _clock, _hits, _metrics) = (epochs, clock, hits, metrics);
        _map = new NearMap(_lock);
        SetRoom(mostEntries, mostBytes);
        var second = TimeSpan.FromSeconds(1);
        _housekeeping = time.CreateTimer(static state => ((NearStore)state!).KeepHouse(), this, second, second);
    }

    /// <summary>Reads that were answered from here.</summary>
    public long Hits => _hits.Value;

    /// <summary>How many entries there are.</summary>
    public int Entries
    {
        get
        {
            lock (_lock)
            {
                return _sieve.Count;
            }
        }
    }

    /// <summary>How many bytes they take, about.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _sieve.Bytes;
            }
        }
    }

    /// <summary>Entries that went because there was no room.</summary>
    public long Evictions => Interlocked.Read(ref _evictions);

    /// <summary>Changes how much there is room for. What is too much goes within seconds.</summary>
    public void SetRoom(int mostEntries, long mostBytes)
    {
        lock (_lock)
        {
            _mostEntries = mostEntries;
            _mostBytes = mostBytes == 0 ? long.MaxValue : mostBytes;
        }
    }

    /// <summary>Finds a value that may be served now.</summary>
    /// <remarks>
    /// No allocation, no lock, no network. The count of confirmations is compared because this reader may hold an entry that was voided
    /// while it held it: the gate, which opened because of the voiding, must not let it pass.
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

    /// <summary>Puts an entry in, and lets it be served if its token is still true then.</summary>
    /// <returns>
    /// False: something happened to the key since the token was taken, or the entry alone is larger than the room for all; nothing is kept.
    /// </returns>
    public bool TryInsert(NearEntry entry, ServerGate server, in FillToken token)
    {
        lock (_lock)
        {
            if (entry.Bytes > _mostBytes)
            {
                return false;
            }

            if (_map.Put(entry) is { } replaced)
            {
                _sieve.Remove(replaced);
            }

            _sieve.Add(entry);
            MakeRoom(entry, MostVictims);
        }

        if (server.MayServe(token))
        {
            entry.GoLive();
            return true;
        }

        lock (_lock)
        {
            // Another's newer entry stays.
            if (_map.Remove(entry))
            {
                _sieve.Remove(entry);
            }
        }

        return false;
    }

    /// <summary>Drops a key. Whoever voids it has advanced its stripe before.</summary>
    /// <returns>What was there.</returns>
    public NearEntry? Drop(string key)
    {
        lock (_lock)
        {
            var entry = _map.Remove(new NearKey(key));
            if (entry is not null)
            {
                _sieve.Remove(entry);
            }

            return entry;
        }
    }

    /// <summary>Empties the store for good: nothing is served or kept from now on.</summary>
    public void Dispose()
    {
        _housekeeping.Dispose();
        lock (_lock)
        {
            _mostBytes = -1;
            var passes = 0;
            while (_sieve.Victim(null, ref passes, long.MaxValue) is { } entry)
            {
                Take(entry);
            }
        }
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
    /// The entry of a key, whether or not it may be served: for callers that have conditions of their own beside
    /// <see cref="NearEntry.IsServable"/>.
    /// </summary>
    /// <remarks>
    /// They compare <see cref="ProcessEpochs.Confirmations"/> before and after as <c>TryGet</c> does, and tell <see cref="Hit"/>.
    /// </remarks>
    public NearEntry? Find(in NearKey key) => _map.Find(key);

    /// <summary>The same by the whole key.</summary>
    public NearEntry? Find(string key) => _map.Find(new NearKey(key));

    /// <summary>The value as a <typeparamref name="T"/>. False: the key was stored as another type than it is asked for.</summary>
    internal static bool TryTake<T>(object? stored, out T? value)
    {
        if (Typed.Is(stored, out value))
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

    /// <summary>An entry was served.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Hit(NearEntry entry)
    {
        if (!entry.IsUsed)
        {
            entry.IsUsed = true;
        }

        if ((_hits.Add(entry.Rule.HitsPart) & SampleMask) == 0)
        {
            _metrics.ConfirmationAge(entry.ConfirmedBefore(_clock.Now()));
        }
    }

    // Under the lock.
    private void MakeRoom(NearEntry? newest, int most)
    {
        if (!IsFull())
        {
            return;
        }

        var now = _clock.Monotonic();
        var passes = MostPasses;
        for (; most > 0 && IsFull() && _sieve.Victim(newest, ref passes, now) is { } victim; most--)
        {
            Take(victim);
            _evictions++;
        }
    }

    // Under the lock.
    private bool IsFull() => _sieve.Count > _mostEntries || _sieve.Bytes > _mostBytes;

    // Under the lock.
    private void Take(NearEntry entry)
    {
        _map.Remove(entry);
        _sieve.Remove(entry);
    }

    // What ended or was voided with its segment or rule goes now, not when somebody asks for it: it may be large.
    private void KeepHouse()
    {
        var now = _clock.Monotonic();
        for (var left = Math.Max(LooksAtOnce, Entries / SweepSeconds); left > 0; left -= LooksAtOnce)
        {
            lock (_lock)
            {
                var looks = LooksAtOnce;
                while (_sieve.FindOver(ref looks, now) is { } entry)
                {
                    Take(entry);
                }

                MakeRoom(newest: null, LooksAtOnce);
            }
        }
    }
}
