namespace NearCache.Coherence.Ledger.Core;

/// <summary>What an event did to the entries of a server.</summary>
/// <param name="Confirmed">A later instant is confirmed.</param>
/// <param name="Raised">Bit s: the generation of segment s was raised, so its entries are gone.</param>
/// <param name="Reason">Why.</param>
internal readonly record struct AuditEffect(bool Confirmed, ulong Raised, FlushReason Reason)
{
    /// <summary>The counters were lost: the leases of the server's rules start again, leases of fills on it are void.</summary>
    public bool CountersLost => Reason is FlushReason.CountersAbsent or FlushReason.CountersBackward or FlushReason.CountersJumped;

    /// <summary>How many segments were flushed.</summary>
    public int RaisedCount => System.Numerics.BitOperations.PopCount(Raised);
}

/// <summary>Why entries are flushed; a tag of the metric and a word in the log.</summary>
internal enum FlushReason
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Nothing was known of the server before.</summary>
    FirstAudit,

    /// <summary>A mutation was not announced here, and its log record is not there.</summary>
    LogMissing,

    /// <summary>More mutations are unexplained than are looked up one by one.</summary>
    TooManyMissing,

    /// <summary>A counter is gone: the server restarted, was flushed, or evicted it.</summary>
    CountersAbsent,

    /// <summary>A counter is lower than it was: it was made anew.</summary>
    CountersBackward,

    /// <summary>A counter is far higher than it can have become: it was made anew.</summary>
    CountersJumped,

    /// <summary>A mutation of our own was not answered, and its bumps were made up for.</summary>
    DebtPaid,

    /// <summary>The server list changed.</summary>
    ServersChanged,

    /// <summary>A writer had more to announce than fits, and announced whole segments; only where the remote has no counters.</summary>
    Announced,

    /// <summary>Announcements went by unread; only where the remote has no counters, which would tell which.</summary>
    AnnouncementsMissed,

    /// <summary>
    /// Nothing was confirmed for so long that a rule may have been stopped, written without announcements, and cleared meanwhile; only
    /// where the remote has no counters.
    /// </summary>
    ConfirmedLate,

    /// <summary>The server's rules began anew, so that writes may have gone by uncounted.</summary>
    RulesRestarted,
}
