namespace NearCache.TestSupport.ZooKeeper;

/// <summary>A request that a fake server has received.</summary>
/// <param name="SessionId">Whose.</param>
/// <param name="Operation">The name of the operation: Create2, GetData, SetData, SetWatches, Ping …</param>
/// <param name="Path">The node, if it is about one.</param>
/// <param name="Id">The xid.</param>
/// <param name="Length">How many bytes it takes.</param>
public sealed record FakeRequest(long SessionId, string Operation, string? Path, int Id, int Length);
