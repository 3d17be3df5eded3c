using NearCache.Diagnostics;
using NearCache.HotKeys.Core;
using NearCache.Near;
using NearCache.Rules;

namespace NearCache.HotKeys;

/// <summary>Creates what a report says of the hottest keys and of the rules, with keys shown by <see cref="ReportOptions.Keys"/>.</summary>
/// <param name="traffic">The counts by key; null if keys are not reported.</param>
/// <param name="rules">Finds the rule of a key.</param>
/// <param name="counted">Returns the rules that this process counts.</param>
/// <param name="visibility">How keys are shown.</param>
/// <param name="namespace">The namespace.</param>
/// <param name="clock">The monotonic clock.</param>
internal sealed class TrafficReport(
    KeyTraffic? traffic,
    RuleTable rules,
    Func<IEnumerable<ActiveRule>> counted,
    KeyVisibility visibility,
    string @namespace,
    NearClock clock)
{
    private const int MaxKeys = 24;
    private const int MaxPrefixes = 40;

    private readonly KeyDisplay _display = new(visibility, @namespace);
    private readonly RuleRateMeter _rates = new();

    /// <summary>Returns the rules with their present rates.</summary>
    public IReadOnlyList<ReportedRule> Rules() => _rates.Read(counted(), clock.Monotonic());

    /// <summary>Returns the hottest keys, and in plain the busiest prefixes; null if keys are not reported.</summary>
    public ReportedKeys? Keys()
    {
        if (traffic is null)
        {
            return null;
        }

        var isPlain = visibility == KeyVisibility.Plain;
        var now = traffic.Snapshot(MaxKeys, isPlain ? MaxPrefixes : 0);
        return new ReportedKeys
        {
            Visibility = visibility,
            Observed = now.Observed,
            UncoveredReadsPerSecond = now.Uncovered.Reads,
            UncoveredWritesPerSecond = now.Uncovered.Writes,
            Keys = [.. now.Keys.Select(key => Of(key) with
            {
                Name = _display.Of(key.Text).Text,
                Rule = (rules.Matcher.Find(key.Text) ?? rules.Tried?.Find(key.Text))?.Name,
                NameNature = isPlain ? KeyNature.Unknown : KeyNatures.OfName(key.Text),
            })],
            Prefixes = [.. now.Prefixes.Select(prefix => Of(prefix) with
            {
                NearEntries = EntriesOf(prefix.Rates, now.Observed),
                ErrorPerSecond = 0,
                MeanReadDuration = null,
            })],
        };
    }

    private static ReportedTraffic Of(in TrafficRates traffic) => new()
    {
        Name = traffic.Text,
        NearHitsPerSecond = traffic.Rates.NearHits,
        RemoteReadsPerSecond = traffic.Rates.Reads,
        SavableReadsPerSecond = traffic.Rates.Saved,
        WritesPerSecond = traffic.Rates.Writes,
        AddsPerSecond = traffic.Rates.Adds,
        ComparesPerSecond = traffic.Rates.Compares,
        TouchesPerSecond = traffic.Rates.Touches,
        ErrorPerSecond = traffic.Error,
        MeanBytes = traffic.Rates.MeanBytes,
        MeanReadDuration = traffic.Rates.MeanMicroseconds is { } microseconds ? TimeSpan.FromMicroseconds(microseconds) : null,
    };

    // Every read that is not saved fills an entry, which stays for its lifetime (Little's law).
    private long EntriesOf(in KeyCounts rates, TimeSpan observed) =>
        (long)Math.Ceiling(Math.Max(rates.Reads - rates.Saved, 0) * Math.Min(traffic!.MeanLifetime, observed.TotalSeconds));
}
