namespace NearCache.ZooKeeper.Protocol;

/// <summary>Asks for a node's stat; a node that is not there is an answer.</summary>
internal readonly record struct ExistsRequest(ServerPath Where, bool Watch) : IRequest<ZNodeStat?>
{
    public static bool MayMiss => true;

    public OperationCode Code => OperationCode.Exists;

    public string? Path => Where.Path;

    // ustring path; boolean watch
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Where);
        writer.WriteBoolean(Watch);
    }

    public ZNodeStat? ReadReply(ref JuteReader reader) => StatRecord.Read(ref reader);
}
