namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads the stat of a node. A missing node is a valid reply.</summary>
internal readonly record struct ExistsRequest(ChrootedPath Target, bool Watch) : IRequest<ZNodeStat?>
{
    public static bool AllowsNoNode => true;

    public OperationCode Code => OperationCode.Exists;

    public string? Path => Target.Path;

    // ustring path; boolean watch
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        writer.WriteBoolean(Watch);
    }

    public ZNodeStat? ReadReply(ref JuteReader reader) => StatRecord.Read(ref reader);
}
