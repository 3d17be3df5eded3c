namespace NearCache.ZooKeeper.Protocol;

/// <summary>Makes a node. Asks by create2, createContainer or createTTL, so that the reply always carries the node's stat.</summary>
/// <param name="Target">For a sequential mode the server appends ten digits.</param>
/// <param name="Data">What it holds.</param>
/// <param name="Mode">How long it lives; tells which operation is asked for.</param>
/// <param name="Acl">Who may do what with it.</param>
/// <param name="TimeToLive">Milliseconds; only for the modes with a time to live.</param>
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
