namespace NearCache.HotKeys.Core;

/// <summary>
/// What this process reads and writes most: its hottest keys, and the busiest prefixes of keys that no rule covers. In bounded memory.
/// </summary>
/// <remarks>Takes events and the time as arguments. Not thread-safe.</remarks>
internal sealed class TrafficSketch
{
    /// <summary>The greatest number of keys.</summary>
    public const int MaxKeys = 256;

    /// <summary>The greatest number of prefixes.</summary>
    public const int MaxPrefixes = 256;

    // A prefix with a longer one that has this part of its events says nothing more.
    private const double SameTraffic = 0.97;

    private readonly ForwardDecay _decay;
    private readonly HeavyHitters _keys = new(MaxKeys);
    private readonly HeavyHitters _prefixes = new(MaxPrefixes);
    private KeyCounts _uncovered;

    /// <param name="now">The monotonic millisecond at which counting begins.</param>
    public TrafficSketch(long now) => _decay = new ForwardDecay(now);

    /// <summary>Advances the time. Later events weigh more than earlier ones.</summary>
    /// <param name="now">The monotonic millisecond.</param>
    public void Advance(long now)
    {
        var factor = _decay.Advance(now);
        if (factor != 1)
        {
            _keys.Scale(factor);
            _prefixes.Scale(factor);
            _uncovered.Scale(factor);
        }
    }

    /// <summary>Counts a read of a key that went to the remote.</summary>
    /// <param name="hash">The hash of the key.</param>
    /// <param name="key">The key.</param>
    /// <param name="isCovered">Whether a rule covers the key, so that its prefixes need no other one.</param>
    /// <param name="isSaved">Whether a near tier would have answered it.</param>
    /// <param name="times">How many reads it stands for.</param>
    public void Read(ulong hash, string key, bool isCovered, bool isSaved, double times)
    {
        // The same as Add, for the most frequent event.
        var weight = _decay.Weight * times;
        var saved = isSaved ? weight : 0;
        _keys.Add(hash, key, key.Length, weight).AddRead(weight, saved);
        if (isCovered)
        {
            return;
        }

        _uncovered.AddRead(weight, saved);
        var prefixes = new KeyPrefixes(key);
        while (prefixes.MoveNext())
        {
            _prefixes.Add(prefixes.Hash, key, prefixes.Length, weight).AddRead(weight, saved);
        }
    }

    /// <summary>Counts events of a key.</summary>
    /// <param name="hash">The hash of the key.</param>
    /// <param name="key">The key.</param>
    /// <param name="isCovered">Whether a rule covers the key.</param>
    /// <param name="events">The events.</param>
    /// <param name="times">How often they happened: more than once if only a sample of all events is counted.</param>
    public void Add(ulong hash, string key, bool isCovered, in KeyCounts events, double times)
    {
        var weight = _decay.Weight * times;
        var rank = weight * (events.Reads + events.NearHits + events.Writes + events.Touches);
        _keys.Add(hash, key, key.Length, rank).Add(events, weight);
        if (isCovered)
        {
            return;
        }

        _uncovered.Add(events, weight);
        var prefixes = new KeyPrefixes(key);
        while (prefixes.MoveNext())
        {
            _prefixes.Add(prefixes.Hash, key, prefixes.Length, rank).Add(events, weight);
        }
    }

    /// <summary>Adds measurements to a key and its prefixes, where they are in the sketch.</summary>
    /// <param name="hash">The hash of the key.</param>
    /// <param name="key">The key.</param>
    /// <param name="measured">The measurements.</param>
    public void Measure(ulong hash, string key, in KeyCounts measured)
    {
        Measure(ref _keys.Find(hash), measured);
        var prefixes = new KeyPrefixes(key);
        while (prefixes.MoveNext())
        {
            Measure(ref _prefixes.Find(prefixes.Hash), measured);
        }
    }

    /// <summary>Returns the hottest keys and the busiest prefixes, as rates per second.</summary>
    /// <param name="keys">The greatest number of keys.</param>
    /// <param name="prefixes">The greatest number of prefixes. One that shares almost all events with a longer one is left out.</param>
    public TrafficSnapshot Snapshot(int keys, int prefixes)
    {
        var busy = prefixes > 0 ? Hottest(_prefixes) : [];
        return new TrafficSnapshot(
            TimeSpan.FromMilliseconds(_decay.Age),
            RatesOf(_uncovered),
            [.. Hottest(_keys).Take(keys).Select(RatesOf)],
            [.. Enumerable.Range(0, busy.Length).Where(at => IsTelling(busy.AsSpan(at))).Take(prefixes).Select(at => RatesOf(busy[at]))]);
    }

    private void Measure(ref KeyCounts counts, in KeyCounts measured)
    {
        if (!System.Runtime.CompilerServices.Unsafe.IsNullRef(ref counts))
        {
            counts.Add(measured, _decay.Weight);
        }
    }

    // What was counted for certain decides, so that a key that has just replaced another one does not come first.
    private static HeavyHitter[] Hottest(HeavyHitters table)
    {
        var all = table.All();
        Array.Sort(all, static (one, other) =>
            other.Certain.CompareTo(one.Certain) is not 0 and var order ? order : one.Length.CompareTo(other.Length));
        return all;
    }

    // Whether no longer prefix has almost all events of the first one of these, the busiest first.
    private static bool IsTelling(ReadOnlySpan<HeavyHitter> prefixes)
    {
        ref readonly var first = ref prefixes[0];
        for (var at = 1; at < prefixes.Length && prefixes[at].Certain >= SameTraffic * first.Certain; at++)
        {
            if (prefixes[at].Length > first.Length && prefixes[at].Name.StartsWith(first.Name))
            {
                return false;
            }
        }

        return true;
    }

    private TrafficRates RatesOf(HeavyHitter hitter) => new(hitter.Name.ToString(), RatesOf(hitter.Counts), _decay.RateOf(hitter.Error));

    // Sizes and durations become sums per second, too; their means stay as they are.
    private KeyCounts RatesOf(in KeyCounts counts)
    {
        var rates = counts;
        rates.Scale(_decay.RateOf(1));
        return rates;
    }
}

/// <summary>What a process reads and writes most.</summary>
/// <param name="Observed">For how long the process has counted.</param>
/// <param name="Uncovered">The rates per second of all keys without a rule.</param>
/// <param name="Keys">The hottest keys, the hottest first.</param>
/// <param name="Prefixes">The busiest prefixes of keys without a rule, the busiest first.</param>
internal sealed record TrafficSnapshot(
    TimeSpan Observed, KeyCounts Uncovered, IReadOnlyList<TrafficRates> Keys, IReadOnlyList<TrafficRates> Prefixes);

/// <summary>The traffic of a key or prefix.</summary>
/// <param name="Text">The key or prefix.</param>
/// <param name="Rates">The events per second, at least.</param>
/// <param name="Error">The events per second that may be missing.</param>
internal readonly record struct TrafficRates(string Text, KeyCounts Rates, double Error);
