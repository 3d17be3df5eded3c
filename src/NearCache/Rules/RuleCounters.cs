using NearCache.Diagnostics;

namespace NearCache.Rules;

/// <summary>What a rule did in this process since it was last switched on or its match changed. Any thread may count.</summary>
/// <param name="hits">Counts the near hits of all rules; each is a part.</param>
internal sealed class RuleCounters(PerThreadCounter hits)
{
    private long _wouldHits;
    private long _remoteReads;
    private long _writes;
    private long _announcements;

    /// <summary>The rule's part of the near hits.</summary>
    public int HitsPart { get; } = hits.AddPart();

    /// <summary>Reads that the near store answered; in a dry run, those that it would have.</summary>
    public long NearHits => hits.Of(HitsPart) + Volatile.Read(ref _wouldHits);

    /// <summary>Reads that went to the remote.</summary>
    public long RemoteReads => Volatile.Read(ref _remoteReads);

    /// <summary>Mutations of its keys.</summary>
    public long Writes => Volatile.Read(ref _writes);

    /// <summary>Mutations handed to ZooKeeper.</summary>
    public long Announcements => Volatile.Read(ref _announcements);

    public void WouldHit() => Interlocked.Increment(ref _wouldHits);

    public void RemoteRead() => Interlocked.Increment(ref _remoteReads);

    public void Written() => Interlocked.Increment(ref _writes);

    public void Announced() => Interlocked.Increment(ref _announcements);
}
