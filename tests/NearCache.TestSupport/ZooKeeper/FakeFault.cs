using NearCache.ZooKeeper;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>What a fake server does to one request instead of the regular reply.</summary>
public sealed record FakeFault
{
    private FakeFault()
    {
    }

    /// <summary>Closes the connection without executing the request.</summary>
    public static FakeFault CloseBefore { get; } = new() { IsExecuted = false, ReplyBytes = 0 };

    /// <summary>Executes the request and closes the connection without a reply.</summary>
    public static FakeFault CloseAfter { get; } = new() { IsExecuted = true, ReplyBytes = 0 };

    /// <summary>Executes the request and never replies.</summary>
    public static FakeFault NeverReply { get; } = new() { IsExecuted = true, IsSilent = true };

    /// <summary>Replies with an error without executing the request.</summary>
    public static FakeFault Error(ZooKeeperErrorCode code) => new() { Code = code };

    /// <summary>Executes the request, sends the first bytes of the reply (its length included) and closes the connection.</summary>
    public static FakeFault CutReply(int bytes) => new() { IsExecuted = true, ReplyBytes = bytes };

    /// <summary>Sends these bytes instead of a reply, without executing the request.</summary>
    public static FakeFault Send(params byte[] bytes) => new() { Raw = bytes };

    internal bool IsExecuted { get; private init; }

    internal bool IsSilent { get; private init; }

    internal int? ReplyBytes { get; private init; }

    internal ZooKeeperErrorCode? Code { get; private init; }

    internal byte[]? Raw { get; private init; }
}
