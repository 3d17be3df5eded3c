using Microsoft.Extensions.Caching.Hybrid;

namespace NearCache;

/// <summary>The settings of a <see cref="NearHybridCache"/>. They are read when it is made; a later change has no effect.</summary>
public sealed class NearHybridCacheOptions
{
    /// <summary>What counts where a call does not say: each value that is not null.</summary>
    /// <value>Default: null. Then values live for <see cref="NearCacheOptions.ItemLifetime"/>, and stay near as their rule says.</value>
    public HybridCacheEntryOptions? DefaultEntryOptions { get; set; }

    /// <summary>
    /// The largest value that is stored, as its serializer writes it. A larger one is logged and stored nowhere; who asked for it gets it.
    /// </summary>
    /// <value>Default: 1 MiB, which is also the most that memcached takes unless told otherwise, its own header included.</value>
    public long MaximumPayloadBytes { get; set; } = 1 << 20;

    /// <summary>
    /// The longest key, in characters. A longer one is logged and not cached. Keys that memcached cannot have, from about 250 bytes on, are
    /// stored by their hash.
    /// </summary>
    /// <value>Default: 1,024.</value>
    public int MaximumKeyLength { get; set; } = 1024;

    /// <summary>What of <see cref="HybridCacheOptions"/> is not honoured: the setting, its value, and why.</summary>
    internal List<(string Setting, string Value, string Reason)> NotHonoured { get; } = [];

    /// <summary>Takes over what Microsoft's options for every <see cref="HybridCache"/> say.</summary>
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
                $"{nameof(HybridCacheOptions)}.{nameof(common.DistributedCacheServiceKey)}", $"{key}", "the second tier is memcached, or what UseDistributedCache names"));
        }
    }

    /// <summary>Serializers for types that no <see cref="IHybridCacheSerializer{T}"/> is registered for; the last that knows a type counts.
    /// What the container has (<see cref="IHybridCacheSerializerFactory"/>) is added by the registration.</summary>
    /// <value>
    /// Default: none. Strings and byte arrays are stored as they are, all else as JSON (<see cref="NearCacheOptions.Json"/>).
    /// </value>
    public IList<IHybridCacheSerializerFactory> SerializerFactories { get; } = [];
}
