namespace NearCache.ZooKeeper.Protocol;

/// <summary>What the server sends, with <see cref="RequestId.Notification"/>, when something that is watched has changed.</summary>
/// <param name="Type">What has changed.</param>
/// <param name="Path">As the server knows it.</param>
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
