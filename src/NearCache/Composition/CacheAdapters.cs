using System.Globalization;
using NearCache.Adapters.Distributed;
using NearCache.Adapters.Hybrid;
using NearCache.Diagnostics;
using NearCache.Locks;

namespace NearCache.Composition;

/// <summary>Builds what stands on the paths beside <see cref="INearCache"/>: Microsoft's cache abstractions, and locks.</summary>
internal sealed class CacheAdapters
{
    private readonly CacheEnvironment _environment;
    private readonly NearTier _near;
    private readonly CallPaths _paths;
    private readonly TagPath _tags;

    public CacheAdapters(CacheEnvironment environment, NearTier near, CallPaths paths)
    {
        (_environment, _near, _paths) = (environment, near, paths);
        var (clock, time) = (environment.Clock, environment.Time);
        paths.Transcoder.Register(new HybridItemCodec());
        paths.Transcoder.Register(new DistributedItemCodec());
        _tags = new TagPath(paths.Placement, near.Tags, paths.Reads, paths.Writes, near.Epochs, clock);
        var path = new DistributedPath(paths.Placement, paths.Reads, paths.Writes, near.Store, time, environment.Logger);
        Distributed = new DistributedParts(path, paths.Placement.CanHold, time, environment.Remote.HasCounters);
        Locks = new DistributedLock(paths.Placement.PlaceLock, clock, time, environment.Metrics);
    }

    /// <summary>Gets the parts of a <see cref="NearDistributedCache"/>.</summary>
    public DistributedParts Distributed { get; }

    public IDistributedLock Locks { get; }

    /// <summary>Builds the parts of a <see cref="NearHybridCache"/>.</summary>
    /// <param name="adapter">The settings of the adapter.</param>
    /// <param name="services">Where serializers are looked up; null for none.</param>
    public HybridParts CreateHybrid(NearHybridCacheOptions adapter, IServiceProvider? services)
    {
        var (options, logger, metrics) = (_environment.Options, _environment.Logger, _environment.Metrics);
        var largestItem = _environment.Remote.HasCounters ? options.Memcached.MaxValueBytes : long.MaxValue;
        if (adapter.MaximumPayloadBytes > largestItem)
        {
            logger.HybridSettingNotHonoured(
                nameof(adapter.MaximumPayloadBytes),
                adapter.MaximumPayloadBytes.ToString(CultureInfo.InvariantCulture),
                $"Memcached:MaxValueBytes is {options.Memcached.MaxValueBytes}, and bounds the value with its header");
        }

        var serializers = new HybridSerializers(services, [.. adapter.SerializerFactories], _paths.Json, _near.SharedTypes);
        var path = new HybridPath(
            _paths.Placement,
            _paths.Reads,
            _paths.Writes,
            _paths.Creations,
            _tags,
            _near.Store,
            _near.Flights,
            serializers,
            new HybridLimits(adapter.MaximumPayloadBytes, largestItem),
            options.MaxStaleness,
            _environment.Time,
            metrics,
            logger);
        var hits = new HybridHits(_near.Store, _near.Epochs, _environment.Clock);
        return new HybridParts(hits, serializers, path, _paths.Placement.CanHold, options.ItemLifetime, logger);
    }
}
