namespace NearCache;

/// <summary>Who edits the rules or stops something, and why. Kept in the history that every operator reads.</summary>
/// <param name="Who">A person or a program; at most 100 characters are kept.</param>
/// <param name="Why">At most 300 characters are kept.</param>
public sealed record EditReason(string Who, string Why)
{
    /// <summary>Edits only if the registry still has this revision. Null, the default: whatever it has, and again if somebody edits at the same time.</summary>
    public long? IfRevision { get; init; }
}
