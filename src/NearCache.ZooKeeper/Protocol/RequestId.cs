namespace NearCache.ZooKeeper.Protocol;

/// <summary>The xids: positive for the requests of callers, negative for messages with a fixed meaning.</summary>
/// <remarks>Source: ZooKeeper, ClientCnxn. Client xids run from 1 to <see cref="int.MaxValue"/> and then start at 1 again.</remarks>
internal static class RequestId
{
    /// <summary>The xid of notifications.</summary>
    public const int Notification = -1;
    /// <summary>The xid of pings.</summary>
    public const int Ping = -2;
    /// <summary>The xid of authentication requests.</summary>
    public const int Auth = -4;
    /// <summary>The xid of requests that set watches again.</summary>
    public const int SetWatches = -8;

    /// <summary>Returns the id that follows another one.</summary>
    public static int Next(int id) => id == int.MaxValue ? 1 : id + 1;
}
