namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads the access rights and the stat of a node.</summary>
internal readonly record struct GetAclRequest(ChrootedPath Target) : IRequest<ZNodeAccess>
{
    public OperationCode Code => OperationCode.GetAcl;

    public string? Path => Target.Path;

    // ustring path
    public void WriteTo(JuteWriter writer) => writer.WritePath(Target);

    // vector<ACL> acl; Stat
    public ZNodeAccess ReadReply(ref JuteReader reader) =>
        new() { Acl = AclRecord.ReadList(ref reader), Stat = StatRecord.Read(ref reader) };
}
