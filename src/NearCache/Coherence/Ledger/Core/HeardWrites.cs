namespace NearCache.Coherence.Ledger.Core;

/// <summary>When this process heard of the newest counted writes of one server. For diagnosis: nothing depends on it.</summary>
/// <remarks>Requires a lock of its owner. Bounded: 32 KiB, allocated for the first write.</remarks>
internal sealed class HeardWrites
{
    private const int Capacity = 1024;
    private const int Audits = 8;

    private readonly (long Total, long Sent)[] _audits = new (long, long)[Audits];
    private HeardWrite[]? _writes;
    private int _nextAudit;

    /// <summary>Records that an audit showed a total: later writes were not executed before it was sent.</summary>
    public void Shown(long total, long sent) => _audits[_nextAudit++ % Audits] = (total, sent);

    /// <summary>Records that the process heard of a write. Only the first time counts.</summary>
    public void Heard(long n, long now, HeardBy by)
    {
        _writes ??= new HeardWrite[Capacity];
        ref var write = ref _writes[(int)((ulong)n % Capacity)];
        if (write.N != n)
        {
            write = new HeardWrite(n, now, NotBefore(n), by);
        }
    }

    /// <summary>Returns when the process heard of a write; null if it has not, or has forgotten.</summary>
    public HeardWrite? Find(long n) => _writes?[(int)((ulong)n % Capacity)] is { } write && write.N == n ? write : null;

    private long NotBefore(long n)
    {
        var latest = long.MinValue;
        foreach (var (total, sent) in _audits)
        {
            if (total != 0 && total < n && sent > latest)
            {
                latest = sent;
            }
        }

        return latest;
    }
}

/// <summary>When and how the process heard of a counted write.</summary>
/// <param name="N">The number of the write on its server.</param>
/// <param name="At">The monotonic millisecond.</param>
/// <param name="NotBefore">A monotonic millisecond before which the write was not executed; <see cref="long.MinValue"/> if unknown.</param>
/// <param name="By">How it heard.</param>
internal readonly record struct HeardWrite(long N, long At, long NotBefore, HeardBy By);

/// <summary>Specifies how a process hears of a counted write.</summary>
internal enum HeardBy
{
    /// <summary>It made the write.</summary>
    Own,

    /// <summary>An announcement.</summary>
    Announcement,

    /// <summary>A log record, which an audit read.</summary>
    LogRecord,
}
