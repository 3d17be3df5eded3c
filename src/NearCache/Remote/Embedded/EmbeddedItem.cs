namespace NearCache.Remote.Embedded;

/// <summary>An item of the <see cref="EmbeddedServer"/>.</summary>
internal struct EmbeddedItem
{
    public byte[] Key { get; init; }

    public ReadOnlyMemory<byte> Value { get; set; }

    public uint ClientFlags { get; init; }

    public ulong Cas { get; set; }

    /// <summary>Gets or sets the expiration, in milliseconds of the monotonic clock; <see cref="long.MaxValue"/> for none.</summary>
    public long ExpiresAt { get; set; }

    public bool IsStale { get; set; }

    /// <summary>Gets or sets a value indicating whether a caller was notified to refresh the value.</summary>
    public bool IsWon { get; set; }

    /// <summary>Gets or sets a value indicating whether the item was read since eviction last passed it.</summary>
    public bool IsUsed { get; set; }

    public readonly int SecondsLeft(long now) => ExpiresAt == long.MaxValue ? -1 : (int)((ExpiresAt - now) / 1000);
}
