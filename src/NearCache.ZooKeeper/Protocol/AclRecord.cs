namespace NearCache.ZooKeeper.Protocol;

/// <summary>Reads and writes lists of access rights.</summary>
// vector<ACL { int perms; Id { ustring scheme; ustring id } }>
internal static class AclRecord
{
    private const int MinBytes = 12;

    public static ZNodeAcl[] ReadList(ref JuteReader reader)
    {
        var list = new ZNodeAcl[reader.ReadCount(MinBytes)];
        for (var i = 0; i < list.Length; i++)
        {
            list[i] = new ZNodeAcl
            {
                Permissions = (ZNodePermissions)reader.ReadInt32(),
                Scheme = reader.ReadString(),
                Id = reader.ReadString(),
            };
        }

        return list;
    }

    public static void WriteList(JuteWriter writer, IReadOnlyList<ZNodeAcl> list)
    {
        writer.WriteInt32(list.Count);
        for (var i = 0; i < list.Count; i++)
        {
            writer.WriteInt32((int)list[i].Permissions);
            writer.WriteString(list[i].Scheme);
            writer.WriteString(list[i].Id);
        }
    }
}
