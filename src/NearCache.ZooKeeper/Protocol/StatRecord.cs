namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads and writes the 68 bytes of a <see cref="ZNodeStat"/>.</summary>
// Stat { long czxid, mzxid, ctime, mtime; int version, cversion, aversion; long ephemeralOwner; int dataLength, numChildren; long pzxid }
internal static class StatRecord
{
    public static ZNodeStat Read(ref JuteReader reader) => new()
    {
        CreatedZxid = reader.ReadInt64(),
        ModifiedZxid = reader.ReadInt64(),
        CreatedMilliseconds = reader.ReadInt64(),
        ModifiedMilliseconds = reader.ReadInt64(),
        Version = reader.ReadInt32(),
        ChildrenVersion = reader.ReadInt32(),
        AclVersion = reader.ReadInt32(),
        EphemeralOwner = reader.ReadInt64(),
        DataLength = reader.ReadInt32(),
        ChildrenCount = reader.ReadInt32(),
        ChildrenZxid = reader.ReadInt64(),
    };

    public static void Write(JuteWriter writer, in ZNodeStat stat)
    {
        writer.WriteInt64(stat.CreatedZxid);
        writer.WriteInt64(stat.ModifiedZxid);
        writer.WriteInt64(stat.CreatedMilliseconds);
        writer.WriteInt64(stat.ModifiedMilliseconds);
        writer.WriteInt32(stat.Version);
        writer.WriteInt32(stat.ChildrenVersion);
        writer.WriteInt32(stat.AclVersion);
        writer.WriteInt64(stat.EphemeralOwner);
        writer.WriteInt32(stat.DataLength);
        writer.WriteInt32(stat.ChildrenCount);
        writer.WriteInt64(stat.ChildrenZxid);
    }
}
