namespace NearCache.Adapters.Hybrid;

/// <summary>The bytes of an item: its header, then its value.</summary>
internal sealed class HybridPayload(ReadOnlyMemory<byte> bytes, int header)
{
    /// <summary>All of them.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>The value as its serializer wrote it.</summary>
    public ReadOnlyMemory<byte> Value => bytes[header..];

    /// <summary>Whether the bytes may be compressed on their way to the remote. Default: true.</summary>
    public bool MayCompress { get; init; } = true;

    /// <summary>
    /// Whether the value is written as <see cref="Remote.Formats.ValueKind.JsonFields"/>; known only of an item that was made in this process.
    /// </summary>
    public bool HasFields { get; init; }
}

/// <summary>How large a value may be to be stored.</summary>
/// <param name="MostBytes">Of the value alone: <see cref="NearHybridCacheOptions.MaximumPayloadBytes"/>.</param>
/// <param name="MostItemBytes">Of value and header: what the client of the remote sends.</param>
internal sealed record HybridLimits(long MostBytes, long MostItemBytes)
{
    /// <summary>Why a value is too large; null: it is not.</summary>
    public string? WhyNot(HybridPayload payload) =>
        payload.Value.Length > MostBytes ? $"MaximumPayloadBytes is {MostBytes}"
        : payload.Bytes.Length > MostItemBytes ? $"Memcached:MaxValueBytes is {MostItemBytes}, and it has a header of {payload.Bytes.Length - payload.Value.Length}"
        : null;
}
