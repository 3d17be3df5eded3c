namespace NearCache.Remote.Embedded;

/// <summary>An item of the <see cref="EmbeddedServer"/>.</summary>
internal struct EmbeddedItem
{
    public byte[] Key { get; init; }

    public ReadOnlyMemory<byte> Value { get; set; }

    public uint ClientFlags { get; init; }

    public ulong Cas { get; set; }

    /// <summary>Milliseconds of the monotonic clock, or <see cref="long.MaxValue"/> for ever.</summary>
    public long ExpiresAt { get; set; }

    public bool IsStale { get; set; }

    /// <summary>Whether somebody has been told to fetch the value again.</summary>
    public bool IsWon { get; set; }

    /// <summary>Whether it was asked for since it was last passed over.</summary>
    public bool IsUsed { get; set; }

    public readonly int SecondsLeft(long now) => ExpiresAt == long.MaxValue ? -1 : (int)((ExpiresAt - now) / 1000);
}
