using System.Runtime.CompilerServices;
using System.Text;
using NearCache.Coherence.Core;
using NearCache.HotKeys.Core;
using NearCache.Near;
using NearCache.Remote.Keys;
using NearCache.Rules;

namespace NearCache.HotKeys;

/// <summary>Counts the reads and writes of this process by key. Never blocks: what cannot be counted at once is not counted.</summary>
/// <remarks>
/// <para>The main type of this folder: the thread-safe shell of <see cref="TrafficSketch"/>.</para>
/// <para>
/// Every remote read passes <see cref="RecentReads"/>. Above some thousand events a second, only a random sample of them reaches the
/// sketch. A near hit passes none of this: its sample is taken from the <see cref="NearStore"/>.
/// </para>
/// </remarks>
internal sealed class KeyTraffic : IDisposable
{
    /// <summary>The period of <see cref="Tick"/>, in milliseconds.</summary>
    public const int Period = 500;

    // The greatest number of events that a period counts before the sample is halved, and the least before it is doubled for the next.
    internal const int MaxSampled = 1000;
    private const int MinSampled = MaxSampled / 5;

    // Leaves the bits that choose what is measured.
    private const int MaxMask = (1 << 20) - 1;

    // One read in sixteen of the sample is measured: these bits of a random number are 0.
    private const int MeasureBits = 0xF << 24;

    private readonly NearClock _clock;
    private readonly TimeProvider _time;
    private readonly NearStore? _near;
    private readonly Random _random;
    private readonly int _lifetime;
    private readonly long _began;
    private readonly TrafficSketch _sketch;
    private readonly ConditionalWeakTable<ActiveRule, SampledRule> _rules = [];
    private readonly ITimer _timer;
    private RecentReads? _recent;
    private int _isBusy;   // 1 while a thread uses the sketch
    private int _mask;   // one event in _mask + 1 is counted
    private int _sampled;   // the events that were counted since the last tick; owned like the sketch
    private long _second;
    private NearEntry? _lastHit;
    private string? _measured;   // the key of the read that was last chosen to be measured

    /// <param name="nearLifetime">How long an entry stays near by default.</param>
    /// <param name="clock">The monotonic clock.</param>
    /// <param name="time">The timers.</param>
    /// <param name="near">The near tier, whose sample of hits is counted; null for none.</param>
    /// <param name="random">Chooses the sample; thread-safe.</param>
    public KeyTraffic(TimeSpan nearLifetime, NearClock clock, TimeProvider time, NearStore? near, Random random)
    {
        (_clock, _time, _near, _random) = (clock, time, near, random);
        _lifetime = (int)Math.Clamp(nearLifetime.TotalSeconds, 1, int.MaxValue);
        _began = clock.Monotonic();
        _sketch = new TrafficSketch(_began);
        _second = SecondOf(_began);
        var period = TimeSpan.FromMilliseconds(Period);
        _timer = time.CreateTimer(static state => ((KeyTraffic)state!).Tick(), this, period, period);
    }

    /// <summary>Counts a read that goes to the remote.</summary>
    /// <param name="hash">The hash of the key.</param>
    /// <param name="key">The key.</param>
    /// <param name="isCovered">Whether a rule covers the key, in force or as a dry run.</param>
    public void Read(KeyHash hash, string key, bool isCovered)
    {
        var recent = _recent ?? Remember();
        var isHit = recent.Read(hash.Value, Volatile.Read(ref _second));
        var chance = _random.Next();
        if ((chance & _mask) == 0 && TryEnter(key))
        {
            if ((chance & MeasureBits) == 0)
            {
                _measured = key;
            }

            _sketch.Read(hash.Value, key, isCovered, isHit, _mask + 1);
            Counted();
            Leave();
        }
    }

    /// <summary>Counts a write.</summary>
    /// <param name="hash">The hash of the key.</param>
    /// <param name="key">The key.</param>
    /// <param name="isCovered">Whether a rule covers the key, in force or as a dry run.</param>
    /// <param name="kind">The kind of the write.</param>
    /// <param name="bytes">The size of the value; 0 if the write has none.</param>
    public void Written(KeyHash hash, string key, bool isCovered, KeyWriteKind kind, int bytes)
    {
        if (kind != KeyWriteKind.Extension)
        {
            _recent?.Written(hash.Value);
        }

        if ((_random.Next() & _mask) == 0 && TryEnter(key))
        {
            var events = new KeyCounts
            {
                Writes = kind == KeyWriteKind.Extension ? 0 : 1,
                Adds = kind == KeyWriteKind.Add ? 1 : 0,
                Compares = kind == KeyWriteKind.Compare ? 1 : 0,
                Touches = kind is KeyWriteKind.Touch or KeyWriteKind.Extension ? 1 : 0,
                Bytes = bytes,
                Sizes = bytes > 0 ? 1 : 0,
            };
            _sketch.Add(hash.Value, key, isCovered, events, _mask + 1);
            Counted();
            Leave();
        }
    }

    /// <summary>Begins to measure a read that was counted, if it is the one that was last chosen.</summary>
    /// <param name="key">The instance that was counted.</param>
    /// <returns>The time; 0 if the read is not measured.</returns>
    public long Begin(string key) => ReferenceEquals(_measured, key) ? _time.GetTimestamp() : 0;

    /// <summary>Counts the duration of a read that <see cref="Begin"/> measures.</summary>
    public void End(KeyHash hash, string key, long began)
    {
        if (began != 0)
        {
            Measure(hash, key, new KeyCounts { Microseconds = _time.GetElapsedTime(began).TotalMicroseconds, Durations = 1 });
        }
    }

    /// <summary>Counts the size of a value that was read, if it is the read that was last chosen.</summary>
    public void Received(KeyHash hash, string key, int bytes)
    {
        if (ReferenceEquals(_measured, key) && bytes > 0)
        {
            _measured = null;
            Measure(hash, key, new KeyCounts { Bytes = bytes, Sizes = 1 });
        }
    }

    /// <summary>Returns what this process reads and writes most.</summary>
    /// <param name="keys">The greatest number of keys.</param>
    /// <param name="prefixes">The greatest number of prefixes.</param>
    public TrafficSnapshot Snapshot(int keys, int prefixes)
    {
        var spin = default(SpinWait);
        while (!TryEnter())
        {
            spin.SpinOnce();
        }

        try
        {
            _sketch.Advance(_clock.Monotonic());
            return _sketch.Snapshot(keys, prefixes);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Gets the mean time that an entry would stay near, in seconds.</summary>
    public double MeanLifetime => (_recent ?? Remember()).MeanLifetime;

    /// <summary>
    /// Takes the last hit that <see cref="Tick"/> has counted; null if there was none since the last call, because hits are few.
    /// </summary>
    public NearEntry? TakeSampledHit() => Interlocked.Exchange(ref _lastHit, null);

    public void Dispose() => _timer.Dispose();

    /// <summary>Advances the time, counts the sample of near hits, and adapts the sample of events to their rate.</summary>
    internal void Tick()
    {
        if (!TryEnter())
        {
            return;
        }

        try
        {
            var now = _clock.Monotonic();
            Volatile.Write(ref _second, SecondOf(now));
            _sketch.Advance(now);
            CountNearHit();
            _mask = _sampled < MinSampled ? _mask >> 1 : _mask;
            _sampled = 0;
        }
        finally
        {
            Leave();
        }
    }

    // One sampled hit stands for all hits of its rule since the last one. Requires that this thread has entered.
    private void CountNearHit()
    {
        if (_near?.TakeSampledHit() is not { } entry)
        {
            return;
        }

        _lastHit = entry;
        var (rule, now) = (_rules.GetOrCreateValue(entry.Rule), _clock.Monotonic());
        var hits = entry.Rule.Counters.NearHits;
        if (hits > rule.Hits)
        {
            var hash = KeyHash.Of(Encoding.UTF8.GetBytes(entry.Key));
            var times = (hits - rule.Hits) * ForwardDecay.Remaining(now - Math.Max(rule.At, _began));
            _sketch.Add(hash.Value, entry.Key, isCovered: true, new KeyCounts { NearHits = 1 }, times);
        }

        (rule.Hits, rule.At) = (hits, now);
    }

    // The second of RecentReads.
    private long SecondOf(long now) => ((now - _began) / 1000) + 1;

    private void Measure(KeyHash hash, string key, in KeyCounts measured)
    {
        if (TryEnter())
        {
            _sketch.Measure(hash.Value, key, measured);
            Leave();
        }
    }

    private RecentReads Remember() =>
        Interlocked.CompareExchange(ref _recent, new RecentReads(_lifetime), null) ?? _recent;

    // Enters to count an event. A reserved key holds the version of a tag, and does not count.
    private bool TryEnter(string key) => !key.StartsWith(PhysicalKeys.ReservedTags, StringComparison.Ordinal) && TryEnter();

    // Halves the sample as soon as a burst fills it. Requires that this thread has entered.
    private void Counted()
    {
        if (++_sampled >= MaxSampled && _mask < MaxMask)
        {
            (_mask, _sampled) = ((_mask << 1) | 1, MaxSampled / 2);
        }
    }

    private bool TryEnter() => Interlocked.CompareExchange(ref _isBusy, 1, 0) == 0;

    private void Leave() => Volatile.Write(ref _isBusy, 0);

    // The near hits of a rule at its last sample.
    private sealed class SampledRule
    {
        public long Hits { get; set; }

        public long At { get; set; }
    }
}

/// <summary>Specifies the kind of a write.</summary>
internal enum KeyWriteKind
{
    /// <summary>A value is stored, or the key is removed.</summary>
    Change,

    /// <summary>A value is stored only if the key is absent.</summary>
    Add,

    /// <summary>A value is stored only if the item is unchanged.</summary>
    Compare,

    /// <summary>The lifetime is changed by the application.</summary>
    Touch,

    /// <summary>The lifetime is extended by a read, which changes nothing that a near entry depends on.</summary>
    Extension,
}
