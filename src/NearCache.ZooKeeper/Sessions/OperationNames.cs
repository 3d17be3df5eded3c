using NearCache.ZooKeeper.Diagnostics;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>What metrics and spans call the operations, and the numbers by which they are counted.</summary>
internal static class OperationNames
{
    /// <summary>By number.</summary>
    public static readonly string[] All =
    [
        "other", "create", "delete", "exists", "get_data", "set_data", "get_acl", "set_acl", "get_children", "sync", "multi", "multi_read",
        "get_ephemerals", "get_all_children_number", "who_am_i", "add_watch", "remove_watches", "close_session",
    ];

    private static readonly string[] Outcomes = ["ok", "no_node", "node_exists", "bad_version", "not_empty", "no_auth", "server_error"];

    /// <summary>By the numbers of <see cref="AnswerTo"/>.</summary>
    public static readonly Answer[] Answers = [.. All.SelectMany(operation => Outcomes.Select(outcome => new Answer(operation, outcome)))];

    public static string Of(OperationCode code) => All[NumberOf(code)];

    public static int NumberOf(OperationCode code) => code switch
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

    public static int AnswerTo(int number, ZooKeeperErrorCode error) =>
        (number * Outcomes.Length) + (error == ZooKeeperErrorCode.Ok ? 0 : Array.IndexOf(Outcomes, ErrorTypes.Of(error)));
}
