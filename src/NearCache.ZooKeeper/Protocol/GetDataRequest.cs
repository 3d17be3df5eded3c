namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads the data and the stat of a node.</summary>
internal readonly record struct GetDataRequest(ChrootedPath Target, bool Watch) : IRequest<ZNodeData>
{
    public OperationCode Code => OperationCode.GetData;

    public string? Path => Target.Path;

    // ustring path; boolean watch
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        writer.WriteBoolean(Watch);
    }

    // buffer data; Stat
    public ZNodeData ReadReply(ref JuteReader reader) => Read(ref reader);

    public static ZNodeData Read(ref JuteReader reader)
    {
        var data = reader.ReadBuffer();
        return new ZNodeData { Data = data, Stat = StatRecord.Read(ref reader), IsNull = data is null };
    }
}
