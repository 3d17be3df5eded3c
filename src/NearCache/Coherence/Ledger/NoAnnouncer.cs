using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger;

/// <summary>Without ZooKeeper nothing is announced: the audits of the others find out within about a second.</summary>
internal sealed class NoAnnouncer : IAnnouncer
{
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
    }
}
