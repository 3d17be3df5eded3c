namespace NearCache.ZooKeeper.Protocol;

/// <summary>
/// Creates a node, by create2, createContainer or createTTL. The replies of these operations contain the stat of the node.
/// </summary>
/// <param name="Target">The path. In a sequential mode the server appends ten digits.</param>
/// <param name="Data">The data.</param>
/// <param name="Mode">The lifetime of the node, which determines the operation.</param>
/// <param name="Acl">The access rights.</param>
/// <param name="TimeToLive">The time to live in milliseconds. Only for the modes with a time to live.</param>
internal readonly record struct CreateRequest(
    ChrootedPath Target, ReadOnlyMemory<byte>? Data, ZNodeMode Mode, IReadOnlyList<ZNodeAcl> Acl, long TimeToLive) : IRequest<CreatedZNode>
{
    public static bool IsWrite => true;

    public OperationCode Code => Mode switch
    {
        ZNodeMode.Container => OperationCode.CreateContainer,
        ZNodeMode.PersistentWithTimeToLive or ZNodeMode.PersistentSequentialWithTimeToLive => OperationCode.CreateTtl,
        _ => OperationCode.Create2,
    };

    public string? Path => Target.Path;

    // ustring path; buffer data; vector<ACL> acl; int flags; createTTL: long ttl
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        writer.WriteBuffer(Data);
        AclRecord.WriteList(writer, Acl);
        writer.WriteInt32((int)Mode);
        if (Code == OperationCode.CreateTtl)
        {
            writer.WriteInt64(TimeToLive);
        }
    }

    // ustring path; Stat
    public CreatedZNode ReadReply(ref JuteReader reader) =>
        new() { Path = ChrootedPath.RemoveChroot(Target.Chroot, reader.ReadString()), Stat = StatRecord.Read(ref reader) };
}
