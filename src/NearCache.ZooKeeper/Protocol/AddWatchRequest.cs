namespace NearCache.ZooKeeper.Protocol;

/// <summary>Sets a watch that stays when it fires. Since 3.6.</summary>
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

    // int err, always 0 behind a header without an error
    public EmptyReply ReadReply(ref JuteReader reader) => default;
}
