using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>The names of operations in metrics and spans, and their indexes.</summary>
internal static class OperationNames
{
    /// <summary>The names by index.</summary>
    public static readonly string[] All =
    [
        "other", "create", "delete", "exists", "get_data", "set_data", "get_acl", "set_acl", "get_children", "sync", "multi", "multi_read",
        "get_ephemerals", "get_all_children_number", "who_am_i", "add_watch", "remove_watches", "close_session",
    ];

    private static readonly string[] OutcomeNames = ["ok", "no_node", "node_exists", "bad_version", "not_empty", "no_auth", "server_error"];

    /// <summary>The pairs of operation and outcome, by <see cref="OutcomeIndex"/>.</summary>
    public static readonly OperationOutcome[] Outcomes =
        [.. All.SelectMany(operation => OutcomeNames.Select(outcome => new OperationOutcome(operation, outcome)))];

    public static string Of(OperationCode code) => All[IndexOf(code)];

    public static int IndexOf(OperationCode code) => code switch
    {
        OperationCode.Create or OperationCode.Create2 or OperationCode.CreateContainer or OperationCode.CreateTtl => 1,
        OperationCode.Delete => 2,
        OperationCode.Exists => 3,
        OperationCode.GetData => 4,
        OperationCode.SetData => 5,
        OperationCode.GetAcl => 6,
        OperationCode.SetAcl => 7,
        OperationCode.GetChildren or OperationCode.GetChildren2 => 8,
        OperationCode.Sync => 9,
        OperationCode.Multi => 10,
        OperationCode.MultiRead => 11,
        OperationCode.GetEphemerals => 12,
        OperationCode.GetAllChildrenNumber => 13,
        OperationCode.WhoAmI => 14,
        OperationCode.AddWatch => 15,
        OperationCode.RemoveWatches => 16,
        OperationCode.CloseSession => 17,
        _ => 0,
    };

    public static int OutcomeIndex(int number, ZooKeeperErrorCode error) =>
        (number * OutcomeNames.Length) + (error == ZooKeeperErrorCode.Ok ? 0 : Array.IndexOf(OutcomeNames, ErrorTypes.Of(error)));
}
