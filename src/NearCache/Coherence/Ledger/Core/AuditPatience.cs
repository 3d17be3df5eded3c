namespace NearCache.Coherence.Ledger.Core;

/// <summary>How long an audit waits for announcements before the server itself is asked what was written.</summary>
internal static class AuditPatience
{
    /// <summary>
    /// G = clamp(2 D + 0.5 s, 1 s, MaxStaleness − 2 s), in milliseconds; 0 without a ZooKeeper session, since no announcement will come.
    /// </summary>
    /// <param name="rearmPace">D, the pace at which slots are read now.</param>
    /// <param name="maxStaleness">The bound that is promised.</param>
    /// <param name="hasSession">Is there a session that brings announcements?</param>
    public static long Of(long rearmPace, long maxStaleness, bool hasSession) =>
        hasSession ? Math.Min(Math.Max((2 * rearmPace) + 500, 1000), Math.Max(maxStaleness - 2000, 0)) : 0;
}
