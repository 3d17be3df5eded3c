using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>An audit that found <paramref name="Total"/> and was sent at <paramref name="Sent"/>.</summary>
internal readonly record struct QueuedAudit(Timestamps Sent, long Total);
