namespace NearCache.ZooKeeper.Protocol;

/// <summary>Counts the nodes below a node, at any depth. Since 3.6.</summary>
internal readonly record struct GetAllChildrenNumberRequest(ChrootedPath Target) : IRequest<int>
{
    public OperationCode Code => OperationCode.GetAllChildrenNumber;

    public string? Path => Target.Path;

    // ustring path
    public void WriteTo(JuteWriter writer) => writer.WritePath(Target);

    // int totalNumber
    public int ReadReply(ref JuteReader reader) => reader.ReadInt32();
}
