namespace NearCache.ZooKeeper.Protocol;

/// <summary>The first message of a connection: makes a session, or takes an old one over. It has no header.</summary>
/// <param name="LastZxid">The newest transaction that was seen: a server that is behind it closes the connection without an answer.</param>
/// <param name="Timeout">The session timeout asked for, in milliseconds.</param>
/// <param name="SessionId">0 for a new session.</param>
/// <param name="Password">16 bytes that the server gave for the session; zeros for a new one.</param>
/// <param name="ReadOnly">Whether a server without a quorum will do.</param>
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
