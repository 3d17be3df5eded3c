using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache;

/// <summary>The settings of a <see cref="NearHybridCache"/>. They are read when it is created; later changes have no effect.</summary>
public sealed class NearHybridCacheOptions
{
    /// <summary>Gets or sets the entry options of calls that specify none; each non-null member applies.</summary>
    /// <value>
    /// Default: null. Values then live for <see cref="NearCacheOptions.ItemLifetime"/>, and stay near as long as their rule permits.
    /// </value>
    public HybridCacheEntryOptions? DefaultEntryOptions { get; set; }

    /// <summary>
    /// Gets or sets the largest serialized value that is stored, in bytes. A larger value is logged and returned to its caller, but not
    /// stored.
    /// </summary>
    /// <value>Default: 1 MiB, which is also memcached's default limit, including its own header.</value>
    public long MaximumPayloadBytes { get; set; } = 1 << 20;

    /// <summary>
    /// Gets or sets the length of the longest key, in characters. A longer key is logged and not cached. A key that memcached cannot hold,
    /// above about 250 bytes, is stored under its hash.
    /// </summary>
    /// <value>Default: 1,024.</value>
    public int MaximumKeyLength { get; set; } = 1024;

    /// <summary>
    /// Gets the settings of <see cref="HybridCacheOptions"/> that are not honored: the setting, its value, and the reason.
    /// </summary>
    internal List<(string Setting, string Value, string Reason)> NotHonoured { get; } = [];

    /// <summary>Copies Microsoft's options for every <see cref="HybridCache"/>.</summary>
    internal void Take(HybridCacheOptions common)
    {
        MaximumPayloadBytes = common.MaximumPayloadBytes;
        MaximumKeyLength = common.MaximumKeyLength;
        DefaultEntryOptions = common.DefaultEntryOptions;
        if (common.DisableCompression)
        {
            DefaultEntryOptions = new HybridCacheEntryOptions
            {
                Expiration = common.DefaultEntryOptions?.Expiration,
                LocalCacheExpiration = common.DefaultEntryOptions?.LocalCacheExpiration,
                Flags = (common.DefaultEntryOptions?.Flags ?? HybridCacheEntryFlags.None) | HybridCacheEntryFlags.DisableCompression,
            };
        }

        if (common.ReportTagMetrics)
        {
            NotHonoured.Add(($"{nameof(HybridCacheOptions)}.{nameof(common.ReportTagMetrics)}", "True", "no tag is ever in a metric"));
        }

        if (common.DistributedCacheServiceKey is { } key)
        {
            NotHonoured.Add((
                $"{nameof(HybridCacheOptions)}.{nameof(common.DistributedCacheServiceKey)}",
                $"{key}",
                "the second tier is memcached, or what UseDistributedCache names"));
        }
    }

    /// <summary>
    /// Gets the factories of serializers for types without a registered <see cref="IHybridCacheSerializer{T}"/>; the last factory that
    /// supports a type is used. Factories in the container (<see cref="IHybridCacheSerializerFactory"/>) are added by the registration.
    /// </summary>
    /// <value>
    /// Default: empty. Strings and byte arrays are stored unchanged, other values as JSON (<see cref="NearCacheOptions.Json"/>).
    /// </value>
    public IList<IHybridCacheSerializerFactory> SerializerFactories { get; } = [];
}
