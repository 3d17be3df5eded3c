using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>One change of a transaction, checked already: Create, Delete, SetData or SetAcl.</summary>
internal sealed record FakeChange(
    OperationCode Kind, string Path, byte[]? Data = null, IReadOnlyList<ZNodeAcl>? Acl = null, long Owner = 0);
