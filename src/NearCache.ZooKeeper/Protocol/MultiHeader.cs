namespace NearCache.ZooKeeper.Protocol;

/// <summary>The header of each operation of a multi, and the end marker.</summary>
// MultiHeader { int type; boolean done; int err }
internal readonly record struct MultiHeader(OperationCode Code, bool IsEnd)
{
    /// <summary>The minimum length of one result in a reply.</summary>
    public const int Size = 9;

    public static readonly MultiHeader End = new(OperationCode.Error, IsEnd: true);

    public static MultiHeader Read(ref JuteReader reader)
    {
        var header = new MultiHeader((OperationCode)reader.ReadInt32(), reader.ReadBoolean());
        _ = reader.ReadInt32();
        return header;
    }

    public void WriteTo(JuteWriter writer, int error = -1)
    {
        writer.WriteInt32((int)Code);
        writer.WriteBoolean(IsEnd);
        writer.WriteInt32(error);
    }
}
