using NearCache.Diagnostics;
using NearCache.HotKeys.Core;

namespace NearCache.Advice.Core;

/// <summary>Merges what the processes of a fleet report of their keys and rules.</summary>
/// <remarks>Takes reports as arguments, and knows no server and no clock.</remarks>
/// <param name="namespace">The namespace, by which keys are hashed.</param>
internal sealed class TrafficMerge(string @namespace)
{
    /// <summary>The greatest number of keys, and of prefixes, of the result.</summary>
    public const int MaxEntries = 100;

    // More than a namespace can have: any program can write a report.
    private const int MaxRules = 1000;

    private readonly KeyDisplay _hashes = new(KeyVisibility.Hashed, @namespace);

    /// <summary>Merges reports.</summary>
    /// <param name="reports">The long reports that were read.</param>
    /// <param name="live">The number of live processes, including those whose report was not read.</param>
    public FleetHotKeys Merge(IReadOnlyCollection<ProcessDetail> reports, int live)
    {
        var keys = reports.Select(report => report.Keys).OfType<ReportedKeys>().ToArray();
        var plain = keys.Where(process => process.Visibility == KeyVisibility.Plain).ToArray();
        var hashed = keys.Length - plain.Length;
        return new FleetHotKeys
        {
            Keys = [.. MergeKeys(keys).OrderByDescending(Heat).Take(MaxEntries)],
            Prefixes =
            [
                .. plain.SelectMany(process => process.Prefixes)
                    .GroupBy(prefix => prefix.Name, StringComparer.Ordinal)
                    .Select(MergePrefix)
                    .OrderByDescending(prefix => prefix.RemoteReadsPerSecond + prefix.WritesPerSecond)
                    .Take(MaxEntries),
            ],
            Rules =
            [
                .. reports.SelectMany(report => report.Rules)
                    .GroupBy(rule => rule.Name, StringComparer.Ordinal)
                    .Select(MergeRule)
                    .OrderByDescending(rule => rule.NearHitsPerSecond + rule.RemoteReadsPerSecond + rule.WritesPerSecond)
                    .Take(MaxRules),
            ],
            UncoveredReadsPerSecond = keys.Sum(process => process.UncoveredReadsPerSecond),
            UncoveredWritesPerSecond = keys.Sum(process => process.UncoveredWritesPerSecond),
            Processes = keys.Length,
            OtherProcesses = Math.Max(live - keys.Length, 0),
            Observed = keys.Select(process => process.Observed).DefaultIfEmpty().Max(),
            Notes = [.. NotesOf(reports, keys.Length, hashed, live)],
        };
    }

    private static double Heat(HotKey key) => key.NearHitsPerSecond + key.RemoteReadsPerSecond + key.WritesPerSecond;

    private static IEnumerable<string> NotesOf(IReadOnlyCollection<ProcessDetail> reports, int keys, int hashed, int live)
    {
        if (hashed > 0)
        {
            yield return $"{hashed} of {keys} processes report hashes of keys: these have no prefixes, and no rule can be proposed for "
                + "keys whose names are not known. Reports:Keys = Plain shows them.";
        }

        if (live > keys)
        {
            yield return $"{live - keys} of {live} live processes are not included: they report no keys (Reports:Keys = None, or an older "
                + "version), or their report was not read.";
        }

        if (reports.Count(report => report.Dropped.Contains("keys") || report.Dropped.Contains("coolKeys")) is > 0 and var dropped)
        {
            yield return $"{dropped} processes left keys out, because their report had no room.";
        }
    }

    // Hashed and plain names of one key are merged, and shown in plain.
    private IEnumerable<HotKey> MergeKeys(ReportedKeys[] processes)
    {
        var isMixed = processes.DistinctBy(process => process.Visibility).Count() > 1;
        return processes
            .SelectMany(process => process.Keys.Select(key => (Key: key, IsHashed: process.Visibility == KeyVisibility.Hashed)))
            .GroupBy(one => isMixed && !one.IsHashed ? _hashes.Of(one.Key.Name).Text : one.Key.Name, StringComparer.Ordinal)
            .Select(same => MergeKey([.. same]));
    }

    private static HotKey MergeKey((ReportedTraffic Key, bool IsHashed)[] same)
    {
        var shown = same.MinBy(one => one.IsHashed);
        ReportedTraffic[] reported = [.. same.Select(one => one.Key)];
        var byName = shown.IsHashed
            ? reported.Select(key => key.NameNature).FirstOrDefault(nature => nature != KeyNature.Unknown)
            : KeyNatures.OfName(shown.Key.Name);
        return new HotKey
        {
            Key = shown.Key.Name,
            IsHashed = shown.IsHashed,
            Rule = reported.Select(key => key.Rule).FirstOrDefault(rule => rule is not null),
            NearHitsPerSecond = reported.Sum(key => key.NearHitsPerSecond),
            RemoteReadsPerSecond = reported.Sum(key => key.RemoteReadsPerSecond),
            SavableReadsPerSecond = SavableOf(reported),
            WritesPerSecond = reported.Sum(key => key.WritesPerSecond),
            ErrorPerSecond = reported.Sum(key => key.ErrorPerSecond),
            MeanBytes = MeanBytesOf(reported),
            MeanReadDuration = reported.Select(key => key.MeanReadDuration).OfType<TimeSpan>().ToArray() is { Length: > 0 } durations
                ? TimeSpan.FromTicks((long)durations.Average(duration => duration.Ticks))
                : null,
            Processes = reported.Length,
            Nature = byName != KeyNature.Unknown ? byName : NatureOf(reported),
        };
    }

    private static HotPrefix MergePrefix(IGrouping<string, ReportedTraffic> same)
    {
        ReportedTraffic[] reported = [.. same];
        var byName = KeyNatures.OfName(same.Key);
        return new HotPrefix
        {
            Prefix = same.Key,
            RemoteReadsPerSecond = reported.Sum(prefix => prefix.RemoteReadsPerSecond),
            SavableReadsPerSecond = SavableOf(reported),
            WritesPerSecond = reported.Sum(prefix => prefix.WritesPerSecond),
            WritesPerSecondInOneProcess = reported.Max(prefix => prefix.WritesPerSecond),
            NearEntries = reported.Max(prefix => prefix.NearEntries),
            MeanBytes = MeanBytesOf(reported),
            Processes = reported.Length,
            Nature = byName != KeyNature.Unknown ? byName : NatureOf(reported),
        };
    }

    private static RuleRates MergeRule(IGrouping<string, ReportedRule> same) => new()
    {
        Rule = same.Key,
        IsOn = same.Any(rule => rule.IsOn),
        IsDryRun = same.Any(rule => rule.IsDryRun),
        ChurnBreaker = same.Max(rule => rule.ChurnBreaker),
        Suspensions = same.Max(rule => rule.Suspensions),
        NearHitsPerSecond = same.Sum(rule => rule.NearHitsPerSecond),
        RemoteReadsPerSecond = same.Sum(rule => rule.RemoteReadsPerSecond),
        WritesPerSecond = same.Sum(rule => rule.WritesPerSecond),
        AnnouncementsPerSecond = same.Sum(rule => rule.AnnouncementsPerSecond),
        SavedBytesPerSecond = same.Sum(rule => rule.NearEntries > 0 ? rule.NearHitsPerSecond * rule.NearBytes / rule.NearEntries : 0),
        NearEntries = same.Sum(rule => rule.NearEntries),
        NearBytes = same.Sum(rule => rule.NearBytes),
        Observed = same.Max(rule => rule.Observed),
        Processes = same.Count(),
    };

    // A process knows what its own writes cost its near reads. A write of another process voids a copy here, too, and so costs at most one
    // read: it does if the key is read again before it is written again.
    private static double SavableOf(ReportedTraffic[] reported)
    {
        var writes = reported.Sum(process => process.WritesPerSecond);
        return reported.Sum(process =>
        {
            var (reads, others) = (process.RemoteReadsPerSecond, writes - process.WritesPerSecond);
            return reads > 0 ? Math.Max(process.SavableReadsPerSecond - (others * reads / (reads + others)), 0) : 0;
        });
    }

    private static KeyNature NatureOf(ReportedTraffic[] reported) => KeyNatures.OfWrites(
        reported.Sum(process => process.WritesPerSecond),
        reported.Sum(process => process.AddsPerSecond),
        reported.Sum(process => process.ComparesPerSecond),
        reported.Sum(process => process.TouchesPerSecond));

    private static long? MeanBytesOf(ReportedTraffic[] reported)
    {
        var measured = reported.Where(process => process.MeanBytes is not null)
            .Select(process => (Bytes: (double)process.MeanBytes!, Events: process.RemoteReadsPerSecond + process.WritesPerSecond + 0.001))
            .ToArray();
        return measured.Length == 0 ? null : (long)(measured.Sum(one => one.Bytes * one.Events) / measured.Sum(one => one.Events));
    }
}
