namespace NearCache.ZooKeeper.Protocol;

/// <summary>Deletes a node without children.</summary>
internal readonly record struct DeleteRequest(ChrootedPath Target, int Version) : IRequest<EmptyReply>
{
    public static bool IsWrite => true;

    public OperationCode Code => OperationCode.Delete;

    public string? Path => Target.Path;

    // ustring path; int version
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        writer.WriteInt32(Version);
    }

    public EmptyReply ReadReply(ref JuteReader reader) => default;
}
