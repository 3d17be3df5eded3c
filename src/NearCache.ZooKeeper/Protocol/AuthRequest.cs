namespace NearCache.ZooKeeper.Protocol;

/// <summary>Adds an identity to the connection. Sent with <see cref="RequestId.Auth"/>, once per identity and connection.</summary>
internal readonly record struct AuthRequest(string Scheme, ReadOnlyMemory<byte> Credentials)
{
    // int type = 0; ustring scheme; buffer auth
    public void WriteTo(JuteWriter writer)
    {
        writer.WriteInt32(0);
        writer.WriteString(Scheme);
        writer.WriteBuffer(Credentials);
    }
}
