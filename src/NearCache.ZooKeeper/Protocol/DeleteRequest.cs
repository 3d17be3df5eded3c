namespace NearCache.ZooKeeper.Protocol;

/// <summary>Removes a node that has no children.</summary>
internal readonly record struct DeleteRequest(ServerPath Where, int Version) : IRequest<Nothing>
{
    public static bool IsWrite => true;

    public OperationCode Code => OperationCode.Delete;

    public string? Path => Where.Path;

    // ustring path; int version
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Where);
        writer.WriteInt32(Version);
    }

    public Nothing ReadReply(ref JuteReader reader) => default;
}
