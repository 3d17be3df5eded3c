namespace NearCache.ZooKeeper.Protocol;

/// <summary>The header of every message of the server except the first.</summary>
// ReplyHeader { int xid; long zxid; int err }; the response record follows only if err is 0.
internal readonly record struct ReplyHeader(int Id, long Zxid, ZooKeeperErrorCode Error)
{
    /// <summary>The length in bytes.</summary>
    public const int Size = 16;

    public static ReplyHeader Read(ref JuteReader reader) =>
        new(reader.ReadInt32(), reader.ReadInt64(), (ZooKeeperErrorCode)reader.ReadInt32());

    public void WriteTo(JuteWriter writer)
    {
        writer.WriteInt32(Id);
        writer.WriteInt64(Zxid);
        writer.WriteInt32((int)Error);
    }
}
