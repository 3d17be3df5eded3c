namespace NearCache.Coherence.Ledger.Core;

/// <summary>One step of the owner of a server's ledger: it does this, reports the answer, and asks again.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Until">Wait: the monotonic millisecond at which to ask again at the latest.</param>
/// <param name="Segment">Audit: which segment to read along.</param>
/// <param name="Segments">PayDebts: bit s says that segment s is owed a bump.</param>
/// <param name="Logs">ReadLogs: the numbers of the mutations.</param>
/// <param name="Reason">Flush: why.</param>
internal readonly record struct AuditStep(
    AuditStepKind Kind, long Until = 0, int Segment = 0, ulong Segments = 0, IReadOnlyList<long>? Logs = null, FlushReason Reason = FlushReason.None);
