namespace NearCache.ZooKeeper.Protocol;

/// <summary>Asks for the ephemeral nodes of this session below a path. Since 3.6.</summary>
internal readonly record struct GetEphemeralsRequest(ServerPath Where) : IRequest<IReadOnlyList<string>>
{
    public OperationCode Code => OperationCode.GetEphemerals;

    public string? Path => Where.Path;

    // ustring prefixPath
    public void WriteTo(JuteWriter writer) => writer.WritePath(Where);

    // vector<ustring>
    public IReadOnlyList<string> ReadReply(ref JuteReader reader)
    {
        var paths = reader.ReadStrings();
        for (var i = 0; i < paths.Length; i++)
        {
            paths[i] = ServerPath.ToCaller(Where.Chroot, paths[i]);
        }

        return paths;
    }
}
