using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache.Adapters.Hybrid;

/// <summary>The effective options of one call: its own, completed by the defaults of the cache.</summary>
/// <param name="Flags">The steps to skip.</param>
/// <param name="Lifetime">The lifetime on the remote tier.</param>
/// <param name="NearLifetime">The greatest lifetime in the near tier; null to use the rule.</param>
internal readonly record struct HybridCallOptions(HybridCacheEntryFlags Flags, TimeSpan Lifetime, TimeSpan? NearLifetime)
{
    public bool ReadsNear => !Has(HybridCacheEntryFlags.DisableLocalCacheRead);

    public bool KeepsNear => !Has(HybridCacheEntryFlags.DisableLocalCacheWrite);

    public bool ReadsRemote => !Has(HybridCacheEntryFlags.DisableDistributedCacheRead);

    public bool WritesRemote => !Has(HybridCacheEntryFlags.DisableDistributedCacheWrite);

    public bool RunsFactory => !Has(HybridCacheEntryFlags.DisableUnderlyingData);

    public bool MayCompress => !Has(HybridCacheEntryFlags.DisableCompression);

    /// <summary>Gets the variant that separates flights of different flags; 0 for most calls.</summary>
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
