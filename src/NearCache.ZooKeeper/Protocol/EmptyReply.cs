namespace NearCache.ZooKeeper.Protocol;

/// <summary>The reply of a request that is answered by a header alone.</summary>
internal readonly struct EmptyReply;
