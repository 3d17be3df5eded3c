namespace NearCache.ZooKeeper.Protocol;

/// <summary>Sets a persistent watch. Since 3.6.</summary>
internal readonly record struct AddWatchRequest(ChrootedPath Target, PersistentWatchMode Mode) : IRequest<EmptyReply>
{
    public OperationCode Code => OperationCode.AddWatch;

    public string? Path => Target.Path;

    // ustring path; int mode
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        writer.WriteInt32((int)Mode);
    }

    // int err; always 0 if the header has no error
    public EmptyReply ReadReply(ref JuteReader reader) => default;
}
