namespace NearCache.ZooKeeper;

/// <summary>What a watch was told. There is no data in it: read again.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Path">To which node; for a recursive watch it may lie below the watched one.</param>
/// <param name="Zxid">The transaction, from servers since 3.9; -1 from older ones, which do not tell.</param>
public readonly record struct WatchEvent(WatchEventType Type, string Path, long Zxid = -1)
{
    /// <summary>The watch is gone without having fired.</summary>
    public bool IsFinal => Type is WatchEventType.SessionLost or WatchEventType.Closed;
}
