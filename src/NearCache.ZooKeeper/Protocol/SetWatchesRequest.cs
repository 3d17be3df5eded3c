namespace NearCache.ZooKeeper.Protocol;

/// <summary>
/// Sets watches again on a new connection. The server fires those whose change happened after <paramref name="RelativeZxid"/>.
/// </summary>
/// <remarks>
/// Paths include the chroot. Persistent watches need setWatches2 (3.6), and the server does not fire them for missed changes.
/// </remarks>
internal sealed record SetWatchesRequest(long RelativeZxid)
{
    public List<string> Data { get; } = [];

    public List<string> Exists { get; } = [];

    public List<string> Children { get; } = [];

    public List<string> Persistent { get; } = [];

    public List<string> Recursive { get; } = [];

    public OperationCode Code => Persistent.Count + Recursive.Count > 0 ? OperationCode.SetWatches2 : OperationCode.SetWatches;

    // long relativeZxid; vector<ustring> data, exist, child; setWatches2: vector<ustring> persistent, persistentRecursive
    public void WriteTo(JuteWriter writer)
    {
        writer.WriteInt64(RelativeZxid);
        Write(writer, Data);
        Write(writer, Exists);
        Write(writer, Children);
        if (Code == OperationCode.SetWatches2)
        {
            Write(writer, Persistent);
            Write(writer, Recursive);
        }
    }

    private static void Write(JuteWriter writer, List<string> paths)
    {
        writer.WriteInt32(paths.Count);
        foreach (var path in paths)
        {
            writer.WriteString(path);
        }
    }
}
