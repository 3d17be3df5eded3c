using System.Runtime.CompilerServices;
using NearCache.HotKeys.Core;
using NearCache.Rules;

namespace NearCache.HotKeys;

/// <summary>Measures the present rates of the counters of each rule. Each reading counts what happened since the last one.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class RuleRateMeter
{
    private readonly Lock _lock = new();   // guards the readings
    private readonly ConditionalWeakTable<ActiveRule, Reading> _readings = [];

    /// <summary>Returns the totals and the rates of rules.</summary>
    /// <param name="rules">The rules that this process counts.</param>
    /// <param name="now">The monotonic millisecond.</param>
    public IReadOnlyList<ReportedRule> Read(IEnumerable<ActiveRule> rules, long now)
    {
        lock (_lock)
        {
            return [.. rules.Select(rule => Read(rule, now))];
        }
    }

    // Requires _lock.
    private ReportedRule Read(ActiveRule rule, long now)
    {
        var counters = rule.Counters;
        long[] counts = [counters.NearHits, counters.RemoteReads, counters.Writes, counters.Announcements];
        if (!_readings.TryGetValue(rule, out var reading))
        {
            _readings.Add(rule, reading = new Reading(now, counts));
        }

        reading.Advance(now, counts);
        return new ReportedRule
        {
            Name = rule.Name,
            IsOn = rule.IsOn,
            IsDryRun = rule.DryRun is not null,
            ChurnBreaker = rule.Breaker,
            NearHits = counts[0],
            RemoteReads = counts[1],
            Writes = counts[2],
            Announcements = counts[3],
            NearHitsPerSecond = reading.RateOf(0),
            RemoteReadsPerSecond = reading.RateOf(1),
            WritesPerSecond = reading.RateOf(2),
            AnnouncementsPerSecond = reading.RateOf(3),
            NearEntries = counters.NearEntries,
            NearBytes = counters.NearBytes,
            Suspensions = rule.Circuit?.Trips.Length ?? 0,
            Observed = TimeSpan.FromMilliseconds(reading.Age),
        };
    }

    private sealed class Reading(long began, long[] first)
    {
        private readonly ForwardDecay _decay = new(began);
        private readonly double[] _sums = new double[first.Length];
        private long[] _counts = first;
        private long _at = began;

        public long Age => _decay.Age;

        public double RateOf(int counter) => _decay.RateOf(_sums[counter]);

        public void Advance(long now, long[] counts)
        {
            var factor = _decay.Advance(now);
            var weight = _decay.Weight * ForwardDecay.Remaining(now - _at);
            for (var counter = 0; counter < counts.Length; counter++)
            {
                _sums[counter] = (_sums[counter] * factor) + ((counts[counter] - _counts[counter]) * weight);
            }

            (_counts, _at) = (counts, now);
        }
    }
}
