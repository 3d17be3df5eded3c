using System.Text.Json;
using NearCache.Coherence.ServerRules;
using NearCache.Creating;
using NearCache.Flights;
using NearCache.HotKeys;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote.Formats;
using NearCache.Remote.Formats.Json;
using NearCache.Remote.Keys;
using NearCache.Writing;

namespace NearCache.Composition;

/// <summary>Builds the paths of a call, in the order of a call: placement, reading, writing, creating.</summary>
internal sealed class CallPaths : IDisposable
{
    private readonly FactoryLimiter _factories;
    private readonly FillPath _fills;

    public CallPaths(CacheEnvironment environment, NearTier near, CoherenceTier coherence)
    {
        var (options, clock, time) = (environment.Options, environment.Clock, environment.Time);
        var (metrics, logger) = (environment.Metrics, environment.Logger);
        Placement = new KeyPlacement(
            coherence.Context.Prefix,
            prefix => new PhysicalKeys(options.Namespace, prefix, options.LongKeys),
            coherence.Servers,
            near.Epochs,
            near.Stale,
            options.Namespace,
            environment.Remote.HasCounters);
        Json = options.Json is null && options.LossyTypes.Count == 0
            ? LosslessJsonOptions.Default
            : LosslessJsonOptions.From(options.Json, options.LossyTypes);
        Transcoder = new ValueTranscoder(ValueTranscoder.Of(options), Json, time, new ItemCompression(options));
        var rules = new RuleDecisions(near.Rules, coherence.Context);
        Traffic = options.Reports.Keys == KeyVisibility.None
            ? null
            : new KeyTraffic(options.NearLifetime, clock, time, near.Store, Random.Shared);
        Reads = new ReadPath(
            Placement, rules, near.Store, near.Stale, near.SharedTypes, clock, Transcoder, metrics, logger, options, Traffic);
        Writes = new WritePath(Placement, rules, Transcoder, near.Flights, near.Stale, metrics, time, options, Traffic);
        Prefetches = new PrefetchPath(Placement, Reads, clock, metrics, environment.MaxStaleness);
        _factories = new FactoryLimiter(options.MaxConcurrentFactories);
        _fills = new FillPath(Reads, Writes, coherence.Context.Fills, near.Stale, Transcoder, clock, time, metrics, logger, options);
        var refresh = new EagerRefresh(Placement, Reads, _fills, near.Flights, clock, time, metrics, logger);
        var leases = new LeasePath(Reads, _fills, refresh, near.Flights, near.Stale, Transcoder, time, options);
        var runner = new FactoryRunner(_factories, time, metrics);
        Creations = new CreatePath(
            Placement, Reads, near.Store, near.Stale, near.Flights, leases, runner, Transcoder, metrics, logger, options);
    }

    public KeyPlacement Placement { get; }

    public JsonSerializerOptions Json { get; }

    public ValueTranscoder Transcoder { get; }

    /// <summary>Gets the count of reads and writes by key; null if keys are not reported.</summary>
    public KeyTraffic? Traffic { get; }

    public ReadPath Reads { get; }

    public WritePath Writes { get; }

    public PrefetchPath Prefetches { get; }

    public CreatePath Creations { get; }

    /// <summary>Applies the reloadable limits of the settings.</summary>
    public void Reload(NearCacheOptions options) => _factories.Limit = options.MaxConcurrentFactories;

    /// <summary>Gives back every right to fill that a running factory holds.</summary>
    public Task ReleaseLeasesAsync() => _fills.ReleaseAllAsync();

    /// <summary>Refuses further calls, and cancels refreshes in the background.</summary>
    public void Dispose()
    {
        Placement.Close();
        Traffic?.Dispose();
        Creations.Dispose();
    }
}
