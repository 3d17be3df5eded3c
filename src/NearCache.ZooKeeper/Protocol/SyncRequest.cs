namespace NearCache.ZooKeeper.Protocol;

/// <summary>Waits until the server has applied all transactions committed before. The node need not exist.</summary>
internal readonly record struct SyncRequest(ChrootedPath Target) : IRequest<EmptyReply>
{
    public OperationCode Code => OperationCode.Sync;

    public string? Path => Target.Path;

    // ustring path
    public void WriteTo(JuteWriter writer) => writer.WritePath(Target);

    // ustring path
    public EmptyReply ReadReply(ref JuteReader reader)
    {
        _ = reader.ReadNullableString();
        return default;
    }
}
