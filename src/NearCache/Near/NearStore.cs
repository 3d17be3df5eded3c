using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;

namespace NearCache.Near;

/// <summary>The near tier: a private <see cref="MemoryCache"/> of entries, each of which knows when it may be served.</summary>
internal sealed class NearStore : IDisposable
{
    // One hit in so many tells the meter how old its confirmation was.
    private const long SampleMask = 0x3FF;

    private readonly MemoryCache _cache;
    private readonly NearCacheMetrics _metrics;
    private readonly ProcessEpochs _epochs;
    private readonly NearClock _clock;
    private readonly ThreadedCounter _hits;
    private readonly ITimer _housekeeping;
    private readonly int _capacity;
    private int _entries;
    private int _isCompacting;

    public NearStore(int capacity, ProcessEpochs epochs, NearClock clock, TimeProvider time, ThreadedCounter hits, NearCacheMetrics metrics)
    {
        _hits = hits;
        _metrics = metrics;
        _capacity = capacity;
        _epochs = epochs;
        _clock = clock;
        _cache = new MemoryCache(Options.Create(new MemoryCacheOptions { Clock = clock }));
        var second = TimeSpan.FromSeconds(1);
        _housekeeping = time.CreateTimer(static state => ((NearStore)state!).KeepHouse(), this, second, second);
    }

    /// <summary>Reads that were answered from here.</summary>
    public long Hits => _hits.Value;

    /// <summary>About how many entries there are.</summary>
    public int Entries => Volatile.Read(ref _entries);

    /// <summary>Finds a value that may be served now.</summary>
    /// <remarks>No allocation, no lock, no network. The count of confirmations is compared because this reader may hold an entry that was voided while it held it: the gate, which
    /// opened because of the voiding, must not let it pass.</remarks>
    public bool TryGet<T>(string key, out CacheResult<T> result)
    {
        while (true)
        {
            var confirmations = _epochs.Confirmations;
            if (!_cache.TryGetValue((object)key, out var found) || found is not NearEntry entry)
            {
                break;
            }

            var now = _clock.Now();
            if (!entry.IsServable(now) || !TryTake<T>(entry.Value, out var value))
            {
                break;
            }

            if (confirmations == _epochs.Confirmations)
            {
                if ((_hits.Add(entry.HitsPart) & SampleMask) == 0)
                {
                    _metrics.ConfirmationAge(entry.ConfirmedBefore(now));
                }

                result = new CacheResult<T>(value!, CacheSource.Near, (int)(now.Monotonic - entry.FetchedAt), entry.Version);
                return true;
            }
        }

        result = default;
        return false;
    }

    /// <summary>The value as a <typeparamref name="T"/>. False: the key was stored as another type than it is asked for.</summary>
    internal static bool TryTake<T>(object? stored, out T? value)
    {
        if (stored is NearBytes bytes)
        {
            return bytes.TryDecode(out value);
        }

        if (stored is T typed)
        {
            value = typed;
            return true;
        }

        value = default;
        return stored is null && value is null;
    }

    /// <summary>Puts an entry in, and lets it be served if its token is still true then.</summary>
    /// <returns>False: something happened to the key since the token was taken, or there is no room; nothing is kept.</returns>
    public bool TryInsert(string key, NearEntry entry, ServerCoherence server, in FillToken token, TimeSpan lifetime)
    {
        if (Entries >= _capacity && !MakeRoom())
        {
            return false;
        }

        using (var slot = _cache.CreateEntry(key))
        {
            slot.Value = entry;
            slot.AbsoluteExpiration = _clock.UtcNow + lifetime;
        }

        Interlocked.Increment(ref _entries);
        if (server.MayServe(token))
        {
            entry.GoLive();
            return true;
        }

        // Perhaps another's newer entry by now: that one is lost too, which costs a read.
        _cache.Remove(key);
        return false;
    }

    /// <summary>Drops a key. Whoever voids it has advanced its stripe before.</summary>
    public void Drop(string key) => _cache.Remove(key);

    public void Dispose()
    {
        _housekeeping.Dispose();
        _cache.Dispose();
    }

    private void KeepHouse()
    {
        _clock.Tick();
        Volatile.Write(ref _entries, _cache.Count);
    }

    // Above the capacity the least recently used go, off the caller's path; a tenth above it nothing more comes in.
    private bool MakeRoom()
    {
        if (Interlocked.CompareExchange(ref _isCompacting, 1, 0) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static store => store.Compact(), this, preferLocal: false);
        }

        return Entries < _capacity + (_capacity / 10);
    }

    private void Compact()
    {
        _cache.Compact(0.05 + ((double)Math.Max(0, _cache.Count - _capacity) / Math.Max(1, _cache.Count)));
        Volatile.Write(ref _entries, _cache.Count);
        Volatile.Write(ref _isCompacting, 0);
    }
}
