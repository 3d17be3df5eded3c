namespace NearCache;

/// <summary>What one process reads and writes most, by its report.</summary>
/// <remarks>Rates are per second, and decay: an event counts half after 20 s, and an eighth after a minute.</remarks>
public sealed record ReportedKeys
{
    /// <summary>Gets how the process shows keys. <see cref="KeyVisibility.Hashed"/> keys are hashes, and there are no prefixes.</summary>
    public required KeyVisibility Visibility { get; init; }

    /// <summary>Gets for how long the process has counted.</summary>
    public TimeSpan Observed { get; init; }

    /// <summary>Gets the remote reads of keys without a rule.</summary>
    public double UncoveredReadsPerSecond { get; init; }

    /// <summary>Gets the writes of keys without a rule.</summary>
    public double UncoveredWritesPerSecond { get; init; }

    /// <summary>Gets the hottest keys.</summary>
    public IReadOnlyList<ReportedTraffic> Keys { get; init; } = [];

    /// <summary>Gets the busiest prefixes of keys without a rule.</summary>
    public IReadOnlyList<ReportedTraffic> Prefixes { get; init; } = [];
}

/// <summary>The traffic of a key or of a prefix in one process, by its report. Rates are per second.</summary>
public sealed record ReportedTraffic
{
    /// <summary>Gets the key or its hash, or the prefix.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the name of the rule that covers the key; null for none.</summary>
    public string? Rule { get; init; }

    /// <summary>Gets what the name of the key tells of its nature. For a hash the process knows the name.</summary>
    public KeyNature NameNature { get; init; }

    /// <summary>Gets the reads that the near tier answered, by a sample.</summary>
    public double NearHitsPerSecond { get; init; }

    /// <summary>Gets the reads that the remote answered.</summary>
    public double RemoteReadsPerSecond { get; init; }

    /// <summary>Gets the remote reads that a near tier of this process would have answered.</summary>
    public double SavableReadsPerSecond { get; init; }

    /// <summary>Gets the writes of this process.</summary>
    public double WritesPerSecond { get; init; }

    /// <summary>Gets the writes that succeed only if the key is absent.</summary>
    public double AddsPerSecond { get; init; }

    /// <summary>Gets the writes that succeed only if the item is unchanged.</summary>
    public double ComparesPerSecond { get; init; }

    /// <summary>Gets the extensions of a lifetime.</summary>
    public double TouchesPerSecond { get; init; }

    /// <summary>Gets the events that may be missing in the rates.</summary>
    public double ErrorPerSecond { get; init; }

    /// <summary>Gets the entries that the process would keep near; 0 for a key.</summary>
    public long NearEntries { get; init; }

    /// <summary>Gets the mean size of a value in bytes; null if none was measured.</summary>
    public long? MeanBytes { get; init; }

    /// <summary>Gets the mean duration of a remote read; null if none was measured.</summary>
    public TimeSpan? MeanReadDuration { get; init; }
}
