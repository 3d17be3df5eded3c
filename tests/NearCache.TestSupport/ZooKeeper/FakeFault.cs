using NearCache.ZooKeeper;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>What a fake server does to one request instead of answering it as it should.</summary>
public sealed record FakeFault
{
    private FakeFault()
    {
    }

    /// <summary>Closes the connection; the request is not executed.</summary>
    public static FakeFault CloseBefore { get; } = new() { IsExecuted = false, ReplyBytes = 0 };

    /// <summary>Executes the request, then closes the connection without a reply.</summary>
    public static FakeFault CloseAfter { get; } = new() { IsExecuted = true, ReplyBytes = 0 };

    /// <summary>Executes it and never replies.</summary>
    public static FakeFault NeverReply { get; } = new() { IsExecuted = true, IsSilent = true };

    /// <summary>Does not execute it, and answers an error.</summary>
    public static FakeFault Error(ZooKeeperErrorCode code) => new() { Code = code };

    /// <summary>Executes it, sends so many bytes of the reply (its length included), and closes the connection.</summary>
    public static FakeFault CutReply(int bytes) => new() { IsExecuted = true, ReplyBytes = bytes };

    /// <summary>Does not execute it, and sends these bytes instead of a reply.</summary>
    public static FakeFault Send(params byte[] bytes) => new() { Raw = bytes };

    internal bool IsExecuted { get; private init; }

    internal bool IsSilent { get; private init; }

    internal int? ReplyBytes { get; private init; }

    internal ZooKeeperErrorCode? Code { get; private init; }

    internal byte[]? Raw { get; private init; }
}
