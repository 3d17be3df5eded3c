namespace NearCache.Remote;

/// <summary>An item of the <see cref="EmbeddedServer"/>.</summary>
internal struct EmbeddedItem
{
    public byte[] Key { get; init; }

    public ReadOnlyMemory<byte> Value { get; set; }

    public uint ClientFlags { get; init; }

    public ulong Cas { get; set; }

    /// <summary>A timestamp, or <see cref="long.MaxValue"/> for ever.</summary>
    public long ExpiresAt { get; set; }

    public bool IsStale { get; set; }

    /// <summary>Whether somebody has been told to fetch the value again.</summary>
    public bool IsWon { get; set; }

    public readonly int SecondsLeft(TimeProvider time, long now) =>
        ExpiresAt == long.MaxValue ? -1 : (int)((ExpiresAt - now) / time.TimestampFrequency);
}
