using NearCache.Coherence.Core;

namespace NearCache.Coherence.Ledger;

/// <summary>Tells the other processes what changed, as fast as the budget allows. They find out without it too, only later.</summary>
internal interface IAnnouncer
{
    /// <summary>A key was changed by this process. Returns at once; nothing of ZooKeeper is awaited.</summary>
    /// <param name="server">The server's identity.</param>
    /// <param name="segment">The key's segment.</param>
    /// <param name="key">The key's name.</param>
    /// <param name="version">What was counted; null where nothing is.</param>
    void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version);
}

/// <summary>Without ZooKeeper nothing is announced: the audits of the others find out within about a second.</summary>
internal sealed class NoAnnouncer : IAnnouncer
{
    public void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
    }
}
