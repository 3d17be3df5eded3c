using NearCache.Diagnostics;

namespace NearCache.Rules;

/// <summary>The counters of a rule in this process since it was last switched on or its match changed. Thread-safe.</summary>
/// <param name="hits">The near hits of all rules, one part for each.</param>
internal sealed class RuleCounters(PerThreadCounter hits)
{
    private long _wouldHits;
    private long _remoteReads;
    private long _writes;
    private long _announcements;
    private long _nearEntries;
    private long _nearBytes;

    /// <summary>Gets the index of the rule in the near hits.</summary>
    public int HitsPart { get; } = hits.AddPart();

    /// <summary>Gets the reads that the near tier answered; for a dry run, those that it would have answered.</summary>
    public long NearHits => hits.Of(HitsPart) + Volatile.Read(ref _wouldHits);

    /// <summary>Gets the reads that went to the remote.</summary>
    public long RemoteReads => Volatile.Read(ref _remoteReads);

    /// <summary>Gets the mutations of its keys.</summary>
    public long Writes => Volatile.Read(ref _writes);

    /// <summary>Gets the mutations that were queued for announcement.</summary>
    public long Announcements => Volatile.Read(ref _announcements);

    /// <summary>Gets the number of near entries of the rule.</summary>
    public long NearEntries => Volatile.Read(ref _nearEntries);

    /// <summary>Gets the estimated memory of the near entries.</summary>
    public long NearBytes => Volatile.Read(ref _nearBytes);

    public void WouldHit() => Interlocked.Increment(ref _wouldHits);

    public void RemoteRead() => Interlocked.Increment(ref _remoteReads);

    public void Written() => Interlocked.Increment(ref _writes);

    public void Announced() => Interlocked.Increment(ref _announcements);

    /// <summary>Counts near entries that were added, or with negative numbers removed. Requires the lock of the near store.</summary>
    public void Kept(int entries, long bytes)
    {
        Volatile.Write(ref _nearEntries, _nearEntries + entries);
        Volatile.Write(ref _nearBytes, _nearBytes + bytes);
    }
}
