using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>Audits whose total is not explained yet, oldest first.</summary>
internal sealed class AuditQueue
{
    private readonly List<QueuedAudit> _audits = [];

    /// <summary>How many wait.</summary>
    public int Count => _audits.Count;

    /// <summary>Oldest first.</summary>
    public QueuedAudit this[int index] => _audits[index];

    /// <summary>Puts one at the end.</summary>
    public void Add(Timestamps sent, long total) => _audits.Add(new QueuedAudit(sent, total));

    /// <summary>Takes one out.</summary>
    public void RemoveAt(int index) => _audits.RemoveAt(index);

    /// <summary>Forgets all.</summary>
    public void Clear() => _audits.Clear();
}

/// <summary>An audit that found <paramref name="Total"/> and was sent at <paramref name="Sent"/>.</summary>
internal readonly record struct QueuedAudit(Timestamps Sent, long Total);
