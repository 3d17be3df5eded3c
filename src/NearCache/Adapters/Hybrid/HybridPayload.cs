namespace NearCache.Adapters.Hybrid;

/// <summary>The bytes of an item: header and value.</summary>
internal sealed class HybridPayload(ReadOnlyMemory<byte> bytes, int header)
{
    /// <summary>Gets all bytes.</summary>
    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>Gets the serialized value.</summary>
    public ReadOnlyMemory<byte> Value => bytes[header..];

    /// <summary>Gets a value indicating whether the bytes may be compressed for the remote tier. Default: true.</summary>
    public bool MayCompress { get; init; } = true;

    /// <summary>
    /// Gets a value indicating whether the value is written as <see cref="Remote.Formats.ValueKind.JsonFields"/>. Known only of items
    /// created in this process.
    /// </summary>
    public bool HasFields { get; init; }

    /// <summary>Gets or sets the serializer of the value; null until the type of the value is known.</summary>
    public HybridSerializer? Serializer { get; set; }
}

/// <summary>The size limits of stored values.</summary>
/// <param name="MaxBytes">The limit of the value: <see cref="NearHybridCacheOptions.MaximumPayloadBytes"/>.</param>
/// <param name="MaxItemBytes">The limit of value and header: what the remote client sends.</param>
internal sealed record HybridLimits(long MaxBytes, long MaxItemBytes)
{
    /// <summary>Returns why a value is too large, or null if it is not.</summary>
    public string? WhyNot(HybridPayload payload) =>
        payload.Value.Length > MaxBytes ? $"MaximumPayloadBytes is {MaxBytes}"
        : payload.Bytes.Length > MaxItemBytes ? $"Memcached:MaxValueBytes is {MaxItemBytes}, and it has a header of "
            + $"{payload.Bytes.Length - payload.Value.Length}"
        : null;
}
