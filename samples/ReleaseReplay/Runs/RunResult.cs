using System.Globalization;

namespace ReleaseReplay.Runs;

/// <summary>The result of one run.</summary>
internal sealed record RunResult
{
    private const int MostReasons = 3;

    public required Scenario Scenario { get; init; }

    public required Disturbance Disturbance { get; init; }

    public required IReadOnlyList<Measurement> Measurements { get; init; }

    /// <summary>Gets the second at which the release began.</summary>
    public required double ReleasedAt { get; init; }

    /// <summary>Gets the second at which the disturbance was over.</summary>
    public required double DisturbedUntil { get; init; }

    /// <summary>Gets the second at which every pod ran the version that stays; null if that was not within the run.</summary>
    public required double? CompletedAt { get; init; }

    /// <summary>Gets the connections of each server by owner, in the words of the console, when most were open.</summary>
    public required IReadOnlyList<string> OwnersAtPeak { get; init; }

    /// <summary>Gets the same at the end of the run.</summary>
    public required IReadOnlyList<string> OwnersAtEnd { get; init; }

    /// <summary>Gets the wanted number of pods.</summary>
    public required int WantedPods { get; init; }

    public int PeakConnections => Measurements.Max(measurement => measurement.MostConnections);

    public bool IsWithinBound => Measurements.All(measurement => measurement.IsWithinBound);

    public long Failed => Measurements.Sum(measurement => (long)measurement.Failed);

    /// <summary>Gets the most frequent reasons of failed requests.</summary>
    public IReadOnlyList<string> Failures =>
    [
        .. Measurements.SelectMany(measurement => measurement.Failures).CountBy(reason => reason)
            .OrderByDescending(reason => reason.Value).Take(MostReasons)
            .Select(reason => string.Create(CultureInfo.InvariantCulture, $"{reason.Value} × {reason.Key}")),
    ];

    public long Served => Measurements.Sum(measurement => (long)measurement.Served);

    public int Restarts => Measurements[^1].Restarts;

    /// <summary>Gets how many times as much the source was read from the release on, in the five worst seconds, as before.</summary>
    public double SourceFactor
    {
        get
        {
            double Rate(IEnumerable<Measurement> some) => some.Sum(one => one.SourceReads) / Math.Max(1, some.Sum(one => one.Seconds));
            var before = Rate(Measurements.Where(one => one.At <= ReleasedAt));
            var after = Measurements.Where(one => one.At > ReleasedAt).ToArray();
            return Enumerable.Range(0, Math.Max(1, after.Length - 4)).Max(first => Rate(after.Skip(first).Take(5))) / Math.Max(1, before);
        }
    }

    /// <summary>
    /// Gets the seconds from the end of the disturbance until no request failed, all wanted pods were ready and the connections were within
    /// their bound, for the rest of the run; null if that was never so.
    /// </summary>
    public double? SecondsToRecover
    {
        get
        {
            var well = Measurements.Reverse().TakeWhile(one => one.Failed == 0 && one.IsWithinBound && one.Ready >= WantedPods).ToArray();
            return well.Length == 0 ? null : Math.Max(0, well[^1].At - well[^1].Seconds - DisturbedUntil);
        }
    }

    public double P99 => Measurements.Max(measurement => measurement.P99);
}
