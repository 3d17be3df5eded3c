using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The operations as metrics name them.</summary>
internal static class OperationNames
{
    public static string Of(OperationCode code) => code switch
    {
        OperationCode.Create or OperationCode.Create2 or OperationCode.CreateContainer or OperationCode.CreateTtl => "create",
        OperationCode.Delete => "delete",
        OperationCode.Exists => "exists",
        OperationCode.GetData => "get_data",
        OperationCode.SetData => "set_data",
        OperationCode.GetAcl => "get_acl",
        OperationCode.SetAcl => "set_acl",
        OperationCode.GetChildren or OperationCode.GetChildren2 => "get_children",
        OperationCode.Sync => "sync",
        OperationCode.Multi => "multi",
        OperationCode.MultiRead => "multi_read",
        _ => "other",
    };
}
