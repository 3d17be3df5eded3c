namespace NearCache.ZooKeeper.Protocol;

/// <summary>Closes the session, which deletes its ephemeral nodes at once. The server closes the connection after its reply.</summary>
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
