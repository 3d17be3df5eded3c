namespace NearCache.Coherence.Ledger.Core;

/// <summary>The effect of an event on the entries of a server.</summary>
/// <param name="Confirmed">Whether a later instant was confirmed.</param>
/// <param name="Raised">A mask of segments: bit s means that the generation of segment s was raised, so that its entries are void.</param>
/// <param name="Reason">Why segments were raised.</param>
internal readonly record struct AuditEffect(bool Confirmed, ulong Raised, FlushReason Reason)
{
    /// <summary>
    /// Gets whether the counters were lost. Then the leases of the server's rules restart, and the fill leases on it are void.
    /// </summary>
    public bool CountersLost => Reason is FlushReason.CountersAbsent or FlushReason.CountersBackward or FlushReason.CountersJumped
        or FlushReason.IdentityChanged;

    /// <summary>Gets the number of flushed segments.</summary>
    public int RaisedCount => System.Numerics.BitOperations.PopCount(Raised);
}

/// <summary>Specifies why entries are flushed. The name is a tag of the metric and appears in the log.</summary>
internal enum FlushReason
{
    /// <summary>Nothing is flushed.</summary>
    None,

    /// <summary>Nothing was known of the server.</summary>
    FirstAudit,

    /// <summary>A mutation was not announced to this process, and its log record is missing.</summary>
    LogMissing,

    /// <summary>More mutations are unexplained than the auditor looks up one by one.</summary>
    TooManyMissing,

    /// <summary>A counter is missing: the server restarted, was flushed, or evicted it.</summary>
    CountersAbsent,

    /// <summary>A counter is lower than before: it was created anew.</summary>
    CountersBackward,

    /// <summary>A counter is higher than it can be: it was created anew.</summary>
    CountersJumped,

    /// <summary>The server shows another identity: it is another life of the counters, or another server.</summary>
    IdentityChanged,

    /// <summary>The name of the server is in conflict: it is not one server, or has old contents.</summary>
    IdentityConflict,

    /// <summary>A mutation of this process was not answered, and its increments were made up for.</summary>
    OwedBumpSent,

    /// <summary>The server list changed.</summary>
    ServersChanged,

    /// <summary>A writer had more announcements than fit and announced whole segments. Only if the remote has no counters.</summary>
    Announced,

    /// <summary>
    /// Announcements were overwritten before they were read. Only if the remote has no counters, which would show which keys changed.
    /// </summary>
    AnnouncementsMissed,

    /// <summary>
    /// Nothing was confirmed for so long that a rule may have been stopped, written without announcements, and cleared again. Only if the
    /// remote has no counters.
    /// </summary>
    ConfirmedLate,

    /// <summary>The server's rules item was created again, so that writes may have gone uncounted.</summary>
    RulesRestarted,
}
