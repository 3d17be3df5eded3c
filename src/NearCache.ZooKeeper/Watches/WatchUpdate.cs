namespace NearCache.ZooKeeper.Watches;

/// <summary>What the success of a request means for the watches. Applied in the receive loop, in the order of the replies.</summary>
/// <param name="Path">As the caller names it.</param>
/// <param name="Slot">Where to add.</param>
/// <param name="Handler">Which to add, or to remove; null: all of them are removed.</param>
/// <param name="Removed">What to remove; null: it is added.</param>
internal sealed record WatchUpdate(string Path, WatchTableKind Slot, Action<WatchEvent>? Handler, WatchKind? Removed = null)
{
    /// <summary>For a read: where the watch stands depends on whether the node was there.</summary>
    public static WatchUpdate? ForRead(string path, WatchTableKind slot, Action<WatchEvent>? handler) =>
        handler is null ? null : new WatchUpdate(path, slot, handler);
}
