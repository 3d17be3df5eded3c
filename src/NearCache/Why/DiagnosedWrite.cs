namespace NearCache;

/// <summary>One counted write of a diagnosed key.</summary>
public sealed record DiagnosedWrite
{
    /// <summary>Gets the number of the write on its server.</summary>
    public required long Number { get; init; }

    /// <summary>Gets the time since the write, in whole seconds: the server counts no finer.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets the process that made the write.</summary>
    public required DiagnosedWriter Writer { get; init; }

    /// <summary>Gets how this process heard of the write; null if it has not heard of it, or has forgotten.</summary>
    public WriteHeardBy? HeardBy { get; init; }

    /// <summary>Gets the time since this process heard of the write.</summary>
    public TimeSpan? HeardBefore { get; init; }

    /// <summary>
    /// Gets a bound on the time from the write until this process heard of it: from the last audit that did not show the write.
    /// </summary>
    public TimeSpan? HeardWithin { get; init; }
}

/// <summary>The process that made a write, as far as it is known.</summary>
public sealed record DiagnosedWriter
{
    /// <summary>Gets the short id that the process writes into its log records; null if its version does not write one.</summary>
    public string? ShortId { get; init; }

    /// <summary>Gets a value indicating whether it is this process.</summary>
    public bool IsThisProcess { get; init; }

    /// <summary>Gets the name of the process among the members of the namespace; null if no report names it.</summary>
    public string? Id { get; init; }

    /// <summary>Gets the name of the machine or container; null if no report names it.</summary>
    public string? Host { get; init; }

    /// <summary>Gets the name of the pod; null if no report names it.</summary>
    public string? Pod { get; init; }

    /// <summary>Gets the id of the operating system's process; null if no report names it.</summary>
    public int? ProcessId { get; init; }

    /// <summary>Returns the writer as a person would name it.</summary>
    public override string ToString() =>
        IsThisProcess ? "this process"
        : (Pod ?? Host) is { } place ? $"{place} (pid {ProcessId})"
        : ShortId is { } id ? $"process {id}"
        : "an unknown process";
}

/// <summary>Specifies how a process hears of a counted write.</summary>
public enum WriteHeardBy
{
    /// <summary>The process made the write.</summary>
    Own,

    /// <summary>An announcement.</summary>
    Announcement,

    /// <summary>A log record on the server, which an audit read.</summary>
    LogRecord,
}
