namespace NearCache.TestSupport.Memcached;

/// <summary>An item of a <see cref="FakeMemcached"/>.</summary>
public sealed class FakeItem
{
    public byte[] Value { get; set; } = [];

    public uint ClientFlags { get; set; }

    public ulong Cas { get; set; }

    /// <summary>Null for ever.</summary>
    public DateTimeOffset? Expires { get; set; }

    public DateTimeOffset LastAccess { get; set; }

    public bool WasRead { get; set; }

    public bool IsStale { get; set; }

    public bool IsWon { get; set; }
}
