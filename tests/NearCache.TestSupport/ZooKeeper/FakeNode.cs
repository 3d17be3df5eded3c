using NearCache.ZooKeeper;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>One znode of a fake server.</summary>
internal sealed class FakeNode
{
    public required byte[]? Data { get; set; }

    public required IReadOnlyList<ZNodeAcl> Acl { get; set; }

    public required ZNodeStat Stat { get; set; }

    public HashSet<string> Children { get; } = new(StringComparer.Ordinal);

    /// <summary>The stat with what is counted.</summary>
    public ZNodeStat FullStat => Stat with { DataLength = Data?.Length ?? 0, ChildrenCount = Children.Count };
}
