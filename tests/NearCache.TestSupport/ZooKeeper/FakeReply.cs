using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>What a fake server answers.</summary>
/// <param name="Error">In the header.</param>
/// <param name="Write">The record behind the header.</param>
/// <param name="Zxid">The transaction that must be applied here before the answer goes.</param>
/// <param name="Ends">The connection is closed behind it.</param>
internal readonly record struct FakeReply(ZooKeeperErrorCode Error, Action<JuteWriter>? Write = null, long Zxid = 0, bool Ends = false);
