namespace NearCache.Coherence.Ledger.Core;

/// <summary>What the owner of a server's ledger is to do next.</summary>
internal enum AuditStepKind
{
    /// <summary>Nothing before <see cref="AuditStep.Until"/>, unless news arrives.</summary>
    Wait,

    /// <summary>Bump segments that are owed a bump: for each, its segment and then the total, in one write.</summary>
    PayDebts,

    /// <summary>Create the 64 counters of the segments, then the total, each only if it is absent.</summary>
    CreateCounters,

    /// <summary>Read the total, the flags of the rules and one segment, in one write.</summary>
    Audit,

    /// <summary>Read the log records of the missing mutations, in one write.</summary>
    ReadLogs,

    /// <summary>Read the total and the flags of the rules, then the 64 segments, in one write on one connection, in this order.</summary>
    Flush,
}
