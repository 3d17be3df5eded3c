namespace NearCache;

/// <summary>Who edits the rules or stops something, and why. Kept in the history that every operator reads.</summary>
public sealed record EditReason
{
    /// <summary>A person or a program; at most 100 characters are kept.</summary>
    public required string Who { get; init; }

    /// <summary>At most 300 characters are kept.</summary>
    public required string Why { get; init; }

    /// <summary>
    /// Edits only if the registry still has this revision. Null, the default: whatever it has, and again if somebody edits at the same
    /// time.
    /// </summary>
    public long? IfRevision { get; init; }
}
