using System.Diagnostics;
using System.Runtime.InteropServices;
using NearCache.Checker;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>
/// The operations that all processes logged, and a check of every near hit: it includes every write that was complete longer than the
/// bound before the call.
/// </summary>
internal sealed class FleetLog
{
    private readonly Dictionary<int, (long Returned, long Value)[]> _completed;
    private readonly HashSet<long> _uncertain;
    private readonly HashSet<long> _begun;
    private readonly List<LoggedOperation> _hits;

    public FleetLog(IEnumerable<string> files)
    {
        var entries = files.SelectMany(file => Read(file, position: 0)).ToArray();
        _hits = [.. entries.Where(entry => entry.Kind == OperationKind.NearHit)];
        RemoteReads = entries.LongCount(entry => entry.Kind == OperationKind.RemoteHit);
        var done = entries.Where(entry => entry.Kind == OperationKind.WriteDone).ToArray();
        _begun = [.. entries.Where(entry => entry.Kind == OperationKind.WriteBegins).Select(entry => entry.Value)];

        // A write without an answer, or of a killed writer, may take effect at any later time.
        var ended = entries.Where(entry => entry.Kind is OperationKind.WriteDone or OperationKind.WriteFailed)
            .Select(entry => entry.Value)
            .ToHashSet();
        _uncertain = [.. _begun.Where(value => !ended.Contains(value))];
        _completed = done.GroupBy(entry => entry.Key).ToDictionary(
            group => group.Key,
            group => HighestSoFar(group.OrderBy(entry => entry.Returned).Select(entry => (entry.Returned, entry.Value))));
        Writes = done.Length;
    }

    public long NearHits => _hits.Count;

    public long RemoteReads { get; }

    public long Writes { get; }

    public long UncertainWrites => _uncertain.Count;

    /// <summary>How many keys a process had near, by its records behind a position of its log.</summary>
    public static int NearKeys(string file, long position) =>
        Read(file, position).Where(entry => entry.Kind == OperationKind.NearHit).Select(entry => entry.Key).Distinct().Count();

    /// <summary>The length of a log in whole records.</summary>
    public static long LengthOf(string file)
    {
        var length = new FileInfo(file).Length;
        return length - (length % Marshal.SizeOf<LoggedOperation>());
    }

    /// <summary>The near hits that break the promise.</summary>
    public IEnumerable<string> Violations(TimeSpan bound)
    {
        var ticks = (long)(bound.TotalSeconds * Stopwatch.Frequency);
        foreach (var hit in _hits)
        {
            if (!_begun.Contains(hit.Value))
            {
                yield return $"key {hit.Key}: {hit.Value} was never written";
            }
            else if (
                !_uncertain.Contains(hit.Value)
                    && NewestCompleteBefore(hit.Key, hit.Called - ticks) is { } newest
                    && newest.Value > hit.Value)
            {
                yield return $"key {hit.Key}: {hit.Value} was served "
                    + $"{Stopwatch.GetElapsedTime(newest.Returned, hit.Called).TotalSeconds:0.000} s after {newest.Value} was complete";
            }
        }
    }

    /// <summary>The largest staleness of a served value, from the completion of the first write that it lacked.</summary>
    public TimeSpan WorstStaleness()
    {
        var worst = TimeSpan.Zero;
        foreach (var hit in _hits.Where(hit => !_uncertain.Contains(hit.Value)))
        {
            if (FirstNewer(hit.Key, hit.Value) is { } newer
                && newer < hit.Called
                && Stopwatch.GetElapsedTime(newer, hit.Called) is var age
                && age > worst)
            {
                worst = age;
            }
        }

        return worst;
    }

    private static LoggedOperation[] Read(string file, long position)
    {
        // Its process may be writing.
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        stream.Position = position;
        var bytes = new byte[stream.Length - position];
        stream.ReadExactly(bytes);
        var whole = bytes.Length - (bytes.Length % Marshal.SizeOf<LoggedOperation>());
        return MemoryMarshal.Cast<byte, LoggedOperation>(bytes.AsSpan(0, whole)).ToArray();
    }

    // For each completion time, the highest value that was complete by then.
    private static (long Returned, long Value)[] HighestSoFar(IEnumerable<(long Returned, long Value)> writes)
    {
        var highest = new List<(long Returned, long Value)>();
        foreach (var write in writes)
        {
            if (highest.Count == 0 || write.Value > highest[^1].Value)
            {
                highest.Add(write);
            }
        }

        return [.. highest];
    }

    private (long Returned, long Value)? NewestCompleteBefore(int key, long instant)
    {
        if (!_completed.TryGetValue(key, out var writes))
        {
            return null;
        }

        var (low, high) = (0, writes.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = writes[middle].Returned < instant ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? null : writes[low - 1];
    }

    private long? FirstNewer(int key, long value)
    {
        if (!_completed.TryGetValue(key, out var writes))
        {
            return null;
        }

        var (low, high) = (0, writes.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = writes[middle].Value <= value ? (middle + 1, high) : (low, middle);
        }

        return low == writes.Length ? null : writes[low].Returned;
    }
}
