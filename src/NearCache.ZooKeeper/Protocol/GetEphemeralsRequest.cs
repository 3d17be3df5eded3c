namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads the paths of this session's ephemeral nodes below a path. Since 3.6.</summary>
internal readonly record struct GetEphemeralsRequest(ChrootedPath Target) : IRequest<IReadOnlyList<string>>
{
    public OperationCode Code => OperationCode.GetEphemerals;

    public string? Path => Target.Path;

    // ustring prefixPath
    public void WriteTo(JuteWriter writer) => writer.WritePath(Target);

    // vector<ustring>
    public IReadOnlyList<string> ReadReply(ref JuteReader reader)
    {
        var paths = reader.ReadStrings();
        for (var i = 0; i < paths.Length; i++)
        {
            paths[i] = ChrootedPath.RemoveChroot(Target.Chroot, paths[i]);
        }

        return paths;
    }
}
