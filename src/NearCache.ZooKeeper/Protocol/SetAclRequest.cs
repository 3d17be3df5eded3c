namespace NearCache.ZooKeeper.Protocol;

/// <summary>Replaces the access rights of a node.</summary>
/// <param name="Target">The path.</param>
/// <param name="Acl">The access rights.</param>
/// <param name="AclVersion">The expected version of the access rights, not of the data.</param>
internal readonly record struct SetAclRequest(ChrootedPath Target, IReadOnlyList<ZNodeAcl> Acl, int AclVersion) : IRequest<ZNodeStat>
{
    public static bool IsWrite => true;

    public OperationCode Code => OperationCode.SetAcl;

    public string? Path => Target.Path;

    // ustring path; vector<ACL> acl; int version
    public void WriteTo(JuteWriter writer)
    {
        writer.WritePath(Target);
        AclRecord.WriteList(writer, Acl);
        writer.WriteInt32(AclVersion);
    }

    public ZNodeStat ReadReply(ref JuteReader reader) => StatRecord.Read(ref reader);
}
