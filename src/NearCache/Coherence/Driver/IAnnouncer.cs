using NearCache.Coherence.Core;

namespace NearCache.Coherence.Driver;

/// <summary>Tells the other processes what changed, as fast as the budget allows. They find out without it too, only later.</summary>
internal interface IAnnouncer
{
    /// <summary>A key was changed by this process. Returns at once; nothing of ZooKeeper is awaited.</summary>
    void Announce(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion version);
}
