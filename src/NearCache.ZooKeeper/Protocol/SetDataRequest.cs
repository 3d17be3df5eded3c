namespace NearCache.ZooKeeper.Protocol;

/// <summary>Replaces the data of a node.</summary>
internal readonly record struct SetDataRequest(ChrootedPath Target, ReadOnlyMemory<byte>? Data, int Version) : IRequest<ZNodeStat>
{
    public static bool IsWrite => true;

    public OperationCode Code => OperationCode.SetData;

    public string? Path => Target.Path;

    // ustring path; buffer data; int version
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        writer.WriteBuffer(Data);
        writer.WriteInt32(Version);
    }

    public ZNodeStat ReadReply(ref JuteReader reader) => StatRecord.Read(ref reader);
}
