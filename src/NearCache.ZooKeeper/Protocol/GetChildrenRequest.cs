namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads the names of a node's children and the stat of the node (getChildren2).</summary>
internal readonly record struct GetChildrenRequest(ChrootedPath Target, bool Watch) : IRequest<ZNodeChildren>
{
    public OperationCode Code => OperationCode.GetChildren2;

    public string? Path => Target.Path;

    // ustring path; boolean watch
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        writer.WriteBoolean(Watch);
    }

    // vector<ustring> children; Stat
    public ZNodeChildren ReadReply(ref JuteReader reader) => new() { Names = reader.ReadStrings(), Stat = StatRecord.Read(ref reader) };
}
