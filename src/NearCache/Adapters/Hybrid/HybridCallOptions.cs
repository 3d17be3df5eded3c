using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache.Adapters.Hybrid;

/// <summary>What one call asks for: its own options, and for the rest those of the cache.</summary>
/// <param name="Flags">What it leaves out.</param>
/// <param name="Lifetime">How long the remote keeps the value.</param>
/// <param name="NearLifetime">How long it may be near at most; null: as its rule says.</param>
internal readonly record struct HybridCallOptions(HybridCacheEntryFlags Flags, TimeSpan Lifetime, TimeSpan? NearLifetime)
{
    public bool ReadsNear => !Has(HybridCacheEntryFlags.DisableLocalCacheRead);

    public bool KeepsNear => !Has(HybridCacheEntryFlags.DisableLocalCacheWrite);

    public bool ReadsRemote => !Has(HybridCacheEntryFlags.DisableDistributedCacheRead);

    public bool WritesRemote => !Has(HybridCacheEntryFlags.DisableDistributedCacheWrite);

    public bool RunsFactory => !Has(HybridCacheEntryFlags.DisableUnderlyingData);

    public bool MayCompress => !Has(HybridCacheEntryFlags.DisableCompression);

    /// <summary>Which calls may share a flight: 0 for most.</summary>
    public int Variant => (int)Flags & 0x1F;

    /// <exception cref="ArgumentOutOfRangeException">An expiration is not positive.</exception>
    public static HybridCallOptions Of(HybridCacheEntryOptions? own, HybridCacheEntryOptions? common, TimeSpan lifetime)
    {
        var expiration = own?.Expiration ?? common?.Expiration ?? lifetime;
        var near = own?.LocalCacheExpiration ?? common?.LocalCacheExpiration;
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(expiration, TimeSpan.Zero, nameof(HybridCacheEntryOptions.Expiration));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(
            near ?? TimeSpan.MaxValue, TimeSpan.Zero, nameof(HybridCacheEntryOptions.LocalCacheExpiration));
        return new HybridCallOptions(
            own?.Flags ?? common?.Flags ?? HybridCacheEntryFlags.None,
            expiration < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : expiration,
            near);
    }

    private bool Has(HybridCacheEntryFlags flag) => (Flags & flag) != 0;
}
