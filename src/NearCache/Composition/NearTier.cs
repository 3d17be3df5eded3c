using NearCache.Coherence;
using NearCache.Coherence.Core;
using NearCache.Flights;
using NearCache.Near;
using NearCache.Rules;
using NearCache.Tags;

namespace NearCache.Composition;

/// <summary>Builds what the process keeps in memory: near entries, stale values, tag versions, rules and shared factory runs.</summary>
internal sealed class NearTier : IDisposable
{
    public NearTier(CacheEnvironment environment)
    {
        var (options, clock, metrics) = (environment.Options, environment.Clock, environment.Metrics);
        Flights = new SingleFlight(environment.Time);
        Tags = new TagTable(options.NearEntries);
        SharedTypes = new SharedTypes(options.ImmutableTypes);
        Stale = new StaleStore(options.StaleEntries, clock, SharedTypes);
        Rules = new RuleTable(RuleDefaults.Of(options), options.Seams.BreakMatcher);
        Store = new NearStore(options.NearEntries, options.NearBytes, Epochs, clock, environment.Time, Rules.NearHits, metrics);
        Refreshes = new RefreshQueue(clock, environment.Time);
        Invalidator = new Invalidator(Epochs, Store, Stale, Flights, Tags, Refreshes, Rules, Events);
        metrics.ObserveNear(() => Store.Hits, () => Store.Entries, () => Store.Bytes, () => Store.Evictions);
    }

    public ProcessEpochs Epochs { get; } = new();

    public SingleFlight Flights { get; }

    public TagTable Tags { get; }

    public SharedTypes SharedTypes { get; }

    public StaleStore Stale { get; }

    public RuleTable Rules { get; }

    public NearStore Store { get; }

    public RefreshQueue Refreshes { get; }

    /// <summary>Gets the events of the application.</summary>
    public NearCacheEvents Events { get; } = new();

    public Invalidator Invalidator { get; }

    /// <summary>Applies the reloadable limits of the settings.</summary>
    public void Reload(NearCacheOptions options)
    {
        Store.SetLimits(options.NearEntries, options.NearBytes);
        Stale.Capacity = options.StaleEntries;
    }

    public void Dispose()
    {
        Store.Dispose();
        Stale.Dispose();
    }
}
