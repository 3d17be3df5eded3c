namespace NearCache.ZooKeeper.Watches;

/// <summary>One event for one handler of a watch that fires once.</summary>
internal sealed class HandlerInvocation(
    CallbackScheduler callbacks, Action<WatchEvent> handler, WatchEvent watchEvent, int round) : IThreadPoolWorkItem
{
    public void Execute() => callbacks.Run(handler, watchEvent, round);
}
