using ReleaseReplay.Cluster;

namespace ReleaseReplay.Runs;

/// <summary>About one second of a run.</summary>
internal sealed record Measurement
{
    /// <summary>Gets the seconds since the run began, at the end of the measurement.</summary>
    public required double At { get; init; }

    /// <summary>Gets the seconds that it took.</summary>
    public required double Seconds { get; init; }

    /// <summary>Gets the connections of each memcached server; null for one that did not answer.</summary>
    public required IReadOnlyList<int?> Connections { get; init; }

    /// <summary>Gets the connections that each server may have; null where nothing bounds them.</summary>
    public required int? Bound { get; init; }

    /// <summary>Gets the number of pods in each state.</summary>
    public required IReadOnlyDictionary<PodState, int> Pods { get; init; }

    /// <summary>Gets the restarts of processes since the run began.</summary>
    public required int Restarts { get; init; }

    public required int Served { get; init; }

    /// <summary>Gets the reason of each failed request.</summary>
    public required IReadOnlyList<string> Failures { get; init; }

    /// <summary>Gets the 99th percentile of the answered requests, in milliseconds.</summary>
    public required double P99 { get; init; }

    /// <summary>Gets the reads of the source.</summary>
    public required long SourceReads { get; init; }

    public int Failed => Failures.Count;

    public int MostConnections => Connections.Max() ?? 0;

    public bool IsWithinBound => Bound is not { } bound || MostConnections <= bound;

    public int Ready => Pods.GetValueOrDefault(PodState.Ready);
}
