using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>The nodes as one server knows them: transactions in, events out.</summary>
internal sealed class FakeDataTree
{
    private readonly Dictionary<string, FakeNode> _nodes = new(StringComparer.Ordinal)
    {
        ["/"] = new FakeNode { Data = [], Acl = ZNodeAcl.OpenToAll, Stat = default },
    };

    /// <summary>Gets the newest applied transaction.</summary>
    public long Zxid { get; private set; }

    public FakeNode? Find(string path) => _nodes.GetValueOrDefault(path);

    public IEnumerable<string> Paths => _nodes.Keys;

    public static string GetParent(string path) => path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/";

    public static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];

    /// <summary>Discards all nodes.</summary>
    public void Clear()
    {
        var root = new FakeNode { Data = [], Acl = ZNodeAcl.OpenToAll, Stat = default };
        _nodes.Clear();
        _nodes.Add("/", root);
        Zxid = 0;
    }

    public FakeDataTree Copy()
    {
        var copy = new FakeDataTree { Zxid = Zxid };
        foreach (var (path, node) in _nodes)
        {
            var other = new FakeNode { Data = node.Data, Acl = node.Acl, Stat = node.Stat };
            other.Children.UnionWith(node.Children);
            copy._nodes[path] = other;
        }

        return copy;
    }

    /// <summary>Applies a transaction, and returns the events that watches would report.</summary>
    public List<(WatchEventType Type, string Path)> Apply(long zxid, long time, IEnumerable<FakeChange> changes)
    {
        Zxid = zxid;
        var events = new List<(WatchEventType, string)>();
        foreach (var change in changes)
        {
            switch (change.Kind)
            {
                case OperationCode.Create:
                    Create(change, zxid, time, events);
                    break;
                case OperationCode.Delete:
                    Delete(change.Path, zxid, events);
                    break;
                case OperationCode.SetData:
                    var node = _nodes[change.Path];
                    node.Data = change.Data;
                    node.Stat = node.Stat with { ModifiedZxid = zxid, ModifiedMilliseconds = time, Version = node.Stat.Version + 1 };
                    events.Add((WatchEventType.DataChanged, change.Path));
                    break;
                default:
                    node = _nodes[change.Path];
                    node.Acl = change.Acl!;
                    node.Stat = node.Stat with { AclVersion = node.Stat.AclVersion + 1 };
                    break;
            }
        }

        return events;
    }

    private void Create(FakeChange change, long zxid, long time, List<(WatchEventType Type, string Path)> events)
    {
        _nodes[change.Path] = new FakeNode
        {
            Data = change.Data,
            Acl = change.Acl ?? ZNodeAcl.OpenToAll,
            Stat = new ZNodeStat
            {
                CreatedZxid = zxid,
                ModifiedZxid = zxid,
                ChildrenZxid = zxid,
                CreatedMilliseconds = time,
                ModifiedMilliseconds = time,
                EphemeralOwner = change.Owner,
            },
        };
        var parent = _nodes[GetParent(change.Path)];
        parent.Children.Add(NameOf(change.Path));
        parent.Stat = parent.Stat with { ChildrenVersion = parent.Stat.ChildrenVersion + 1, ChildrenZxid = zxid };
        events.Add((WatchEventType.Created, change.Path));
        events.Add((WatchEventType.ChildrenChanged, GetParent(change.Path)));
    }

    private void Delete(string path, long zxid, List<(WatchEventType Type, string Path)> events)
    {
        _nodes.Remove(path);
        var parent = _nodes[GetParent(path)];
        parent.Children.Remove(NameOf(path));
        parent.Stat = parent.Stat with { ChildrenVersion = parent.Stat.ChildrenVersion + 1, ChildrenZxid = zxid };
        events.Add((WatchEventType.Deleted, path));
        events.Add((WatchEventType.ChildrenChanged, GetParent(path)));
    }
}

/// <summary>One node of a fake server.</summary>
internal sealed class FakeNode
{
    public required byte[]? Data { get; set; }

    public required IReadOnlyList<ZNodeAcl> Acl { get; set; }

    public required ZNodeStat Stat { get; set; }

    public HashSet<string> Children { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets the stat with the counted fields.</summary>
    public ZNodeStat FullStat => Stat with { DataLength = Data?.Length ?? 0, ChildrenCount = Children.Count };
}

/// <summary>One validated change of a transaction: Create, Delete, SetData or SetAcl.</summary>
internal sealed record FakeChange(
    OperationCode Kind, string Path, byte[]? Data = null, IReadOnlyList<ZNodeAcl>? Acl = null, long Owner = 0);
