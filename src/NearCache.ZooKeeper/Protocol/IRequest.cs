namespace NearCache.ZooKeeper.Protocol;

/// <summary>A request and how its reply is read. Implemented by small structs, so that a call allocates nothing for it.</summary>
internal interface IRequest<out TReply>
{
    /// <summary>Changes something on the server: after a lost connection its outcome is unknown.</summary>
    static virtual bool IsWrite => false;

    /// <summary>NoNode is an answer (the default reply), not an error.</summary>
    static virtual bool AllowsNoNode => false;

    OperationCode Code { get; }

    /// <summary>The path as the caller names it, for errors; null where the request has none.</summary>
    string? Path { get; }

    /// <summary>Writes the request record, without its header.</summary>
    void WriteTo(JuteWriter writer);

    /// <summary>Reads the response record, which stands there only when the header says no error.</summary>
    TReply ReadReply(ref JuteReader reader);
}

/// <summary>The reply of a request that is answered by a header alone.</summary>
internal readonly struct EmptyReply;
