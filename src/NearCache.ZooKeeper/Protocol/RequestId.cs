namespace NearCache.ZooKeeper.Protocol;

/// <summary>The xids: positive for requests of callers, negative for what has a place of its own in the protocol.</summary>
/// <remarks>
/// Source: ZooKeeper, ClientCnxn; the numbers that a client takes are from 1 to <see cref="int.MaxValue"/> and then from 1 again.
/// </remarks>
internal static class RequestId
{
    public const int Notification = -1;
    public const int Ping = -2;
    public const int Auth = -4;
    public const int SetWatches = -8;

    /// <summary>The id after this one.</summary>
    public static int Next(int id) => id == int.MaxValue ? 1 : id + 1;
}
