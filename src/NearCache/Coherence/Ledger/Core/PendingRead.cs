using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>
/// What must be remembered from the moment at which an audit or a flush is sent until its answer comes. Throw it away if none comes.
/// </summary>
/// <param name="Sent">The time of sending, taken before the first byte is handed on.</param>
/// <param name="TotalAtLeast">The total cannot be lower than this unless the server lost it.</param>
/// <param name="Segment">The segment that an audit reads beside the total.</param>
/// <param name="SegmentsAtLeast">The same bound for that segment (audit), or for each of the 64 (flush).</param>
/// <param name="Life">Which life of the counters this belongs to: an answer that arrives after a loss was noticed says nothing.</param>
internal readonly record struct PendingRead(Timestamps Sent, long TotalAtLeast, int Segment, long[] SegmentsAtLeast, long Life);
