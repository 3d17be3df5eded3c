namespace NearCache.ZooKeeper.Protocol;

/// <summary>Replaces a node's data.</summary>
internal readonly record struct SetDataRequest(ServerPath Where, ReadOnlyMemory<byte>? Data, int Version) : IRequest<ZNodeStat>
{
    public static bool IsWrite => true;

    public OperationCode Code => OperationCode.SetData;

    public string? Path => Where.Path;

    // ustring path; buffer data; int version
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Where);
        writer.WriteBuffer(Data);
        writer.WriteInt32(Version);
    }

    public ZNodeStat ReadReply(ref JuteReader reader) => StatRecord.Read(ref reader);
}
