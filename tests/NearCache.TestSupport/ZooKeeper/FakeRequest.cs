namespace NearCache.TestSupport.ZooKeeper;

/// <summary>A request that a fake server has received.</summary>
/// <param name="SessionId">The session of the request.</param>
/// <param name="Operation">The name of the operation: Create2, GetData, SetData, SetWatches, Ping …</param>
/// <param name="Path">The path; null if the operation has none.</param>
/// <param name="Id">The xid.</param>
/// <param name="Length">The length in bytes.</param>
public sealed record FakeRequest(long SessionId, string Operation, string? Path, int Id, int Length);
