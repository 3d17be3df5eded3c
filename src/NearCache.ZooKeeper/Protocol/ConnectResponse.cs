namespace NearCache.ZooKeeper.Protocol;

/// <summary>The first message of the server.</summary>
/// <param name="Timeout">
/// The granted session timeout in milliseconds. Not positive: the session has expired, or its password is wrong.
/// </param>
/// <param name="SessionId">The session.</param>
/// <param name="Password">The proof that the client owns the session, for the next connection.</param>
/// <param name="ReadOnly">Whether the server has no quorum and serves reads only.</param>
internal readonly record struct ConnectResponse(int Timeout, long SessionId, ReadOnlyMemory<byte> Password, bool ReadOnly)
{
    // int protocolVersion; int timeOut; long sessionId; buffer passwd; boolean readOnly (3.8: only to clients that sent it)
    public static ConnectResponse Read(ref JuteReader reader)
    {
        _ = reader.ReadInt32();
        return new ConnectResponse(
            reader.ReadInt32(), reader.ReadInt64(), reader.ReadBuffer(), reader.Remaining > 0 && reader.ReadBoolean());
    }

    public void WriteTo(JuteWriter writer)
    {
        writer.WriteInt32(0);
        writer.WriteInt32(Timeout);
        writer.WriteInt64(SessionId);
        writer.WriteBuffer(Password);
        writer.WriteBoolean(ReadOnly);
    }
}
