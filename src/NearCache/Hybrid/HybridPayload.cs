namespace NearCache.Hybrid;

/// <summary>The bytes of an item: its header, then its value.</summary>
internal sealed class HybridPayload(ReadOnlyMemory<byte> bytes, int header)
{
    /// <summary>All of them.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>The value as its serializer wrote it.</summary>
    public ReadOnlyMemory<byte> Value => bytes[header..];
}
