namespace NearCache;

/// <summary>The value of a key, as it is stored.</summary>
public sealed record FleetValue
{
    /// <summary>Gets a value indicating whether there is an item.</summary>
    public required bool Exists { get; init; }

    /// <summary>Gets the bytes, decompressed; empty if there is no item.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>Gets the client flags of the item.</summary>
    public uint ClientFlags { get; init; }
}
