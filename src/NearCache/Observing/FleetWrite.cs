namespace NearCache;

/// <summary>Counted writes of one server that a <see cref="FleetClient"/> has seen since its last look.</summary>
public sealed record FleetWrites
{
    /// <summary>Gets the configured name of the server.</summary>
    public required string Server { get; init; }

    /// <summary>Gets the writes, oldest first.</summary>
    public IReadOnlyList<FleetWrite> Writes { get; init; } = [];

    /// <summary>Gets the number of writes that were too many to be read.</summary>
    public long Skipped { get; init; }

    /// <summary>Gets why the server was not read; null if it was.</summary>
    public string? Problem { get; init; }
}

/// <summary>One counted write: of a key that a rule covers, or that was removed by an operator.</summary>
public sealed record FleetWrite
{
    /// <summary>Gets the number of the write on its server.</summary>
    public required long Number { get; init; }

    /// <summary>
    /// Gets the key, as the application names it or as its hash if it is too long; null if the record of the write is missing.
    /// </summary>
    public required string? Key { get; init; }

    /// <summary>Gets the segment of the key; null if the record of the write is missing.</summary>
    public required int? Segment { get; init; }

    /// <summary>Gets the process that made the write.</summary>
    public required DiagnosedWriter Writer { get; init; }
}
