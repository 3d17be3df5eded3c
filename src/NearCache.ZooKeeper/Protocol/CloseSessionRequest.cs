namespace NearCache.ZooKeeper.Protocol;

/// <summary>Ends the session: its ephemeral nodes go at once. The server closes the connection behind its answer.</summary>
internal readonly record struct CloseSessionRequest : IRequest<EmptyReply>
{
    public static bool IsWrite => true;

    public OperationCode Code => OperationCode.CloseSession;

    public string? Path => null;

    public void WriteTo(JuteWriter writer)
    {
    }

    public EmptyReply ReadReply(ref JuteReader reader) => default;
}
