namespace NearCache.ZooKeeper.Protocol;

/// <summary>A notification of a watch, sent with <see cref="RequestId.Notification"/>.</summary>
/// <param name="Type">The type of the change.</param>
/// <param name="Path">The path, chroot included.</param>
internal readonly record struct WatchNotification(WatchEventType Type, string Path)
{
    private const int SyncConnected = 3;

    // WatcherEvent { int type; int state; ustring path }
    public static WatchNotification Read(ref JuteReader reader)
    {
        var type = (WatchEventType)reader.ReadInt32();
        _ = reader.ReadInt32();
        return new WatchNotification(type, reader.ReadString());
    }

    public void WriteTo(JuteWriter writer)
    {
        writer.WriteInt32((int)Type);
        writer.WriteInt32(SyncConnected);
        writer.WriteString(Path);
    }
}
