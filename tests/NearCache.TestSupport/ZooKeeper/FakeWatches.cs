using NearCache.ZooKeeper;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>The watches of one connection to a fake server: at most one per path and kind, as on a real server.</summary>
internal sealed class FakeWatches
{
    private readonly HashSet<string> _data = new(StringComparer.Ordinal);
    private readonly HashSet<string> _children = new(StringComparer.Ordinal);
    private readonly HashSet<string> _persistent = new(StringComparer.Ordinal);
    private readonly HashSet<string> _recursive = new(StringComparer.Ordinal);

    public int Count => _data.Count + _children.Count + _persistent.Count + _recursive.Count;

    public void WatchData(string path) => _data.Add(path);

    public void WatchChildren(string path) => _children.Add(path);

    public void WatchPersistently(string path, bool isRecursive) => (isRecursive ? _recursive : _persistent).Add(path);

    public bool Remove(string path, int kind) => kind switch
    {
        1 => _children.Remove(path),
        2 => _data.Remove(path),
        _ => _data.Remove(path) | _children.Remove(path) | _persistent.Remove(path) | _recursive.Remove(path),
    };

    /// <summary>Returns whether the connection gets a notification, and removes one-shot watches.</summary>
    public bool Fires(WatchEventType type, string path)
    {
        var fires = type is not WatchEventType.ChildrenChanged && _data.Remove(path);
        fires |= type is WatchEventType.ChildrenChanged or WatchEventType.Deleted && _children.Remove(path);
        fires |= _persistent.Contains(path);
        if (type is not WatchEventType.ChildrenChanged)
        {
            for (var at = path; !fires; at = FakeDataTree.GetParent(at))
            {
                fires = _recursive.Contains(at);
                if (at == "/")
                {
                    break;
                }
            }
        }

        return fires;
    }
}
