namespace NearCache.ZooKeeper.Protocol;

/// <summary>One step of a SASL exchange.</summary>
internal readonly record struct SaslRequest(ReadOnlyMemory<byte> Token) : IRequest<byte[]?>
{
    public OperationCode Code => OperationCode.Sasl;

    public string? Path => null;

    // buffer token
    public void WriteTo(JuteWriter writer) => writer.WriteBuffer(Token);

    // buffer token
    public byte[]? ReadReply(ref JuteReader reader) => reader.ReadBuffer();
}
