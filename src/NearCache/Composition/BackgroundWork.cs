using NearCache.Coherence.Churn;
using NearCache.Coherence.Monitoring;
using NearCache.Coherence.Monitoring.Core;
using NearCache.Creating;
using NearCache.Diagnostics;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Rules;
using NearCache.Usage;

namespace NearCache.Composition;

/// <summary>Builds and owns the loops beside coherence: warm-up, preloading, refreshing, usage counters, churn breaker, monitor.</summary>
internal sealed class BackgroundWork : IAsyncDisposable
{
    // Preload keys are retried for this long after the lease of their rule.
    private static readonly TimeSpan PreloadLimit = TimeSpan.FromSeconds(10);

    private readonly CoherenceTier _coherence;
    private readonly InvalidationRefresher _refresher;
    private readonly UsageReporter _usage;
    private readonly ChurnLoop? _churn;
    private readonly NearHitMonitor? _monitor;
    private readonly OverwriteRemover? _overwrites;
    private readonly Preloader _preloader;
    private readonly WarmUp _warmUp;

    /// <summary>Starts the loops. Requires started audits.</summary>
    public BackgroundWork(CacheEnvironment environment, NearTier near, CoherenceTier coherence, CallPaths paths)
    {
        _coherence = coherence;
        var (options, time, logger) = (environment.Options, environment.Time, environment.Logger);
        var (rules, context) = (coherence.Rules, coherence.Context);
        _refresher = new InvalidationRefresher(
            near.Refreshes, paths.Prefetches, near.Store, environment.Clock, environment.Metrics, logger);
        _usage = new UsageReporter(
            new UsageCounterNames(options.Namespace), coherence.OwnerOf, () => rules.Counted, time, environment.Metrics, logger);
        if (options.ChurnBreaker)
        {
            var circuits = new CircuitStore(context.Names, coherence.OwnerOf, context);
            _churn = new ChurnLoop(rules, context, circuits, coherence.Usage, Members, ClearStopsAsync);
        }

        if (options.Monitor.ChecksPerSecond > 0 && context is { IsShared: true, HasCounters: true })
        {
            var reporter = new ViolationReporter(options.Monitor.StopOnViolations, coherence.OwnerOf, context, StopAsync);
            var keys = new KeyDisplay(options.Reports.Keys, options.Namespace);
            _monitor = new NearHitMonitor(
                options.Monitor,
                near.Store,
                paths.Traffic is { } traffic ? traffic.TakeSampledHit : near.Store.TakeSampledHit,
                key => PlaceOf(paths.Placement, key),
                context,
                reporter,
                keys);
        }

        if (context.Fills is { } fills)
        {
            _overwrites = new OverwriteRemover(fills, paths.Placement, paths.Writes, time, environment.Metrics, logger);
        }

        var limit = options.RuleLease + PreloadLimit;
        _preloader = new Preloader(() => rules.Active, () => rules.Revision > 0, paths.Prefetches, limit, time, logger);
        _warmUp = new WarmUp(() => coherence.IsConfirmed && _preloader.IsSettled, options.WarmUp, time, logger);
    }

    /// <summary>Gets a value indicating whether the cache has warmed up, or has used up <see cref="NearCacheOptions.WarmUp"/>.</summary>
    public bool IsWarm => _warmUp.IsOver;

    /// <summary>Gets the results of the monitor; null if there is none.</summary>
    public MonitorSnapshot? Monitor => _monitor is { Totals: var totals }
        ? new MonitorSnapshot
        {
            Checked = totals.Completed,
            Agreed = totals.Of(CheckOutcome.Agreed),
            VoidedByDelay = totals.VoidedByDelay,
            Unclassified = totals.Of(CheckOutcome.Unclassified),
            Violations = totals.Of(CheckOutcome.Violation),
            ViolatedBefore = _monitor.ViolatedBefore,
        }
        : null;

    public async ValueTask DisposeAsync()
    {
        if (_monitor is not null)
        {
            await _monitor.DisposeAsync().ConfigureAwait(false);
        }

        if (_overwrites is not null)
        {
            await _overwrites.DisposeAsync().ConfigureAwait(false);
        }

        await _warmUp.DisposeAsync().ConfigureAwait(false);
        await _preloader.DisposeAsync().ConfigureAwait(false);
        await _refresher.DisposeAsync().ConfigureAwait(false);
        await _usage.DisposeAsync().ConfigureAwait(false);
        if (_churn is not null)
        {
            await _churn.DisposeAsync().ConfigureAwait(false);
        }
    }

    private static MonitoredKey? PlaceOf(KeyPlacement placement, string key)
    {
        try
        {
            var place = placement.PlaceName(key);
            return new MonitoredKey(place.Name, place.Physical, place.Server);
        }
        catch (ArgumentException)
        {
            // The prefix of the namespace has become longer, and the key with it.
            return null;
        }
    }

    private Task<RuleStop> StopAsync(string why) =>
        _coherence.Registry.StopAsync(null, new EditReason { Who = $"monitor of {ChurnLoop.Who}", Why = why });

    private int Members() => _coherence.Ensemble?.Members ?? 1;

    private Task<RegistrySnapshot> ClearStopsAsync(IReadOnlyCollection<string> ids, string why, CancellationToken cancellationToken) =>
        _coherence.Registry.ClearStopsAsync(
            ids, new EditReason { Who = $"{ChurnStops.Author} of {ChurnLoop.Who}", Why = why }, cancellationToken);
}
