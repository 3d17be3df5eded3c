namespace NearCache.ZooKeeper.Protocol;

/// <summary>The first message of a connection: opens a new session or resumes one. It has no header.</summary>
/// <param name="LastZxid">
/// The newest transaction that the client has seen. A server that does not know it closes the connection without a reply.
/// </param>
/// <param name="Timeout">The requested session timeout in milliseconds.</param>
/// <param name="SessionId">The session to resume; 0 for a new session.</param>
/// <param name="Password">The 16 bytes that the server returned for the session; zeros for a new one.</param>
/// <param name="ReadOnly">Whether the client accepts a server without a quorum.</param>
internal readonly record struct ConnectRequest(long LastZxid, int Timeout, long SessionId, ReadOnlyMemory<byte> Password, bool ReadOnly)
{
    // int protocolVersion = 0; long lastZxidSeen; int timeOut; long sessionId; buffer passwd; boolean readOnly
    public void WriteTo(JuteWriter writer)
    {
        writer.WriteInt32(0);
        writer.WriteInt64(LastZxid);
        writer.WriteInt32(Timeout);
        writer.WriteInt64(SessionId);
        writer.WriteBuffer(Password);
        writer.WriteBoolean(ReadOnly);
    }

    public static ConnectRequest Read(ref JuteReader reader)
    {
        _ = reader.ReadInt32();
        return new ConnectRequest(
            reader.ReadInt64(), reader.ReadInt32(), reader.ReadInt64(), reader.ReadBuffer(), reader.Remaining > 0 && reader.ReadBoolean());
    }
}
