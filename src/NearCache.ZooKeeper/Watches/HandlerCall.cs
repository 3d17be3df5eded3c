namespace NearCache.ZooKeeper.Watches;

/// <summary>One event for one handler of a watch that fires once.</summary>
internal sealed class HandlerCall(
    WatchDeliveries deliveries, Action<WatchEvent> handler, WatchEvent watchEvent, int round) : IThreadPoolWorkItem
{
    public void Execute() => deliveries.Run(handler, watchEvent, round);
}
