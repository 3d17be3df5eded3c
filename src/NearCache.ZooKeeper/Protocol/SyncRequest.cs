namespace NearCache.ZooKeeper.Protocol;

/// <summary>Answered when the server has applied all that was committed before; the path need not exist.</summary>
internal readonly record struct SyncRequest(ServerPath Where) : IRequest<Nothing>
{
    public OperationCode Code => OperationCode.Sync;

    public string? Path => Where.Path;

    // ustring path
    public void WriteTo(JuteWriter writer) => writer.WritePath(Where);

    // ustring path
    public Nothing ReadReply(ref JuteReader reader)
    {
        _ = reader.ReadNullableString();
        return default;
    }
}
