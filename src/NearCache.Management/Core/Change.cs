namespace NearCache.Management.Core;

/// <summary>Something that changed in a fleet, for the timeline.</summary>
internal sealed record Change
{
    /// <summary>Gets the time: of an edit or stop by the clock of its author, of anything else by that of the console.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Gets what changed.</summary>
    public required ChangeKind Kind { get; init; }

    /// <summary>Gets how bad it is.</summary>
    public HealthLevel Level { get; init; }

    /// <summary>Gets the name of the rule, server, process or version.</summary>
    public required string Subject { get; init; }

    /// <summary>Gets a sentence for people.</summary>
    public required string Text { get; init; }

    /// <summary>Gets the author; null if a program or an accident is the cause.</summary>
    public string? Who { get; init; }

    /// <summary>Gets a value indicating whether the author's identity was verified.</summary>
    public bool? IsVerified { get; init; }

    /// <summary>Gets the reason of the author.</summary>
    public string? Why { get; init; }

    /// <summary>Gets the revision of an edit.</summary>
    public long? Revision { get; init; }

    /// <summary>Gets the page that shows more.</summary>
    public required string Page { get; init; }

    /// <summary>Gets what that page is about; empty for all.</summary>
    public string Query { get; init; } = "";
}

/// <summary>Specifies what changed.</summary>
internal enum ChangeKind
{
    Edit,
    Stop,
    Resume,
    Suspended,
    Resumed,
    Version,
    ProcessStarted,
    ProcessEnded,
    ProcessSilent,
    Violation,
    ServerRestarted,
    ServerDown,
    ServerUp,
    Ensemble,
    Verdict,
}
