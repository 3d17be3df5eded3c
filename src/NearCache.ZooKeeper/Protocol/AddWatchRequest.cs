namespace NearCache.ZooKeeper.Protocol;

/// <summary>Sets a watch that stays when it fires. Since 3.6.</summary>
internal readonly record struct AddWatchRequest(ServerPath Where, PersistentWatchMode Mode) : IRequest<Nothing>
{
    public OperationCode Code => OperationCode.AddWatch;

    public string? Path => Where.Path;

    // ustring path; int mode
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Where);
        writer.WriteInt32((int)Mode);
    }

    // int err, always 0 behind a header without an error
    public Nothing ReadReply(ref JuteReader reader) => default;
}
