namespace NearCache.ZooKeeper;

/// <summary>Who may do what with a node, and its stat.</summary>
/// <param name="Acl">The rights.</param>
/// <param name="Stat">Its <see cref="ZNodeStat.AclVersion"/> is what <c>SetAclAsync</c> compares.</param>
public readonly record struct ZNodeAccess(IReadOnlyList<ZNodeAcl> Acl, ZNodeStat Stat);
