namespace NearCache.ZooKeeper.Protocol;

/// <summary>Asks who may do what with a node.</summary>
internal readonly record struct GetAclRequest(ServerPath Where) : IRequest<ZNodeAccess>
{
    public OperationCode Code => OperationCode.GetAcl;

    public string? Path => Where.Path;

    // ustring path
    public void WriteTo(JuteWriter writer) => writer.WritePath(Where);

    // vector<ACL> acl; Stat
    public ZNodeAccess ReadReply(ref JuteReader reader) => new(AclRecord.ReadList(ref reader), StatRecord.Read(ref reader));
}
