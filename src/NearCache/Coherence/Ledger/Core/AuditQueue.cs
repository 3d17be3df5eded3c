using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>The audits whose total is not yet explained, oldest first.</summary>
internal sealed class AuditQueue
{
    private readonly List<QueuedAudit> _audits = [];

    /// <summary>Gets the number of waiting audits.</summary>
    public int Count => _audits.Count;

    /// <summary>Gets a waiting audit; 0 is the oldest.</summary>
    public QueuedAudit this[int index] => _audits[index];

    /// <summary>Adds an audit at the end.</summary>
    public void Add(Timestamps sent, long total) => _audits.Add(new QueuedAudit(sent, total));

    /// <summary>Removes an audit.</summary>
    public void RemoveAt(int index) => _audits.RemoveAt(index);

    /// <summary>Removes all audits.</summary>
    public void Clear() => _audits.Clear();
}

/// <summary>An audit that was sent at <paramref name="Sent"/> and read <paramref name="Total"/>.</summary>
internal readonly record struct QueuedAudit(Timestamps Sent, long Total);
