namespace NearCache.ZooKeeper.Protocol;

/// <summary>Removes this connection's watches of a kind from a node.</summary>
internal readonly record struct RemoveWatchesRequest(ChrootedPath Target, WatchKind Kind) : IRequest<EmptyReply>
{
    public OperationCode Code => OperationCode.RemoveWatches;

    public string? Path => Target.Path;

    // ustring path; int watcherType: 1 children, 2 data, 3 any. The kinds of persistent watches exist since 3.9 only: any.
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        writer.WriteInt32(Kind is WatchKind.Children or WatchKind.Data ? (int)Kind : (int)WatchKind.Any);
    }

    public EmptyReply ReadReply(ref JuteReader reader) => default;
}
