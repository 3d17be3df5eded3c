namespace NearCache.TestSupport.ZooKeeper;

/// <summary>A session that the fake servers share.</summary>
internal sealed record FakeSession(long Id, byte[] Password, int Timeout);
