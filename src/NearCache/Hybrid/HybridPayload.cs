namespace NearCache.Hybrid;

/// <summary>The bytes of an item: its header, then its value.</summary>
internal sealed class HybridPayload(ReadOnlyMemory<byte> bytes, int header)
{
    /// <summary>All of them.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>The value as its serializer wrote it.</summary>
    public ReadOnlyMemory<byte> Value => bytes[header..];

    /// <summary>Whether the bytes may be compressed on their way to the remote. Default: true.</summary>
    public bool MayPack { get; init; } = true;

    /// <summary>
    /// Whether the value is written as <see cref="Remote.ValueKind.JsonFields"/>; known only of an item that was made in this process.
    /// </summary>
    public bool HasFields { get; init; }
}
