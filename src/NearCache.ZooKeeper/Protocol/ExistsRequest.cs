namespace NearCache.ZooKeeper.Protocol;

/// <summary>Asks for a node's stat; a node that is not there is an answer.</summary>
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
