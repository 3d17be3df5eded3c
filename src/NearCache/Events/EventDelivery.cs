using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Near;

namespace NearCache.Events;

/// <summary>Calls the handlers of <see cref="NearCacheEvents"/>, in two loops of its own: one for keys, one for rules and stops.</summary>
internal sealed class EventDelivery : IDisposable
{
    private const long LogInterval = 60_000;

    private readonly NearCacheEvents _events;
    private readonly IRuleRegistry _registry;
    private readonly NearClock _clock;
    private readonly NearCacheMetrics _metrics;
    private readonly ILogger _logger;
    private readonly BackgroundLoop _keys;
    private readonly BackgroundLoop _rules;
    private readonly LogThrottle _droppedLog = new(LogInterval);
    private readonly LogThrottle _failedLog = new(LogInterval);
    private long _loggedDrops;
    private int _isDisposed;

    /// <summary>Starts the loops.</summary>
    public EventDelivery(NearCacheEvents events, IRuleRegistry registry, NearClock clock, NearCacheMetrics metrics, ILogger logger)
    {
        (_events, _registry, _clock, _metrics, _logger) = (events, registry, clock, metrics, logger);
        (_keys, _rules) = (new BackgroundLoop(logger, "events of keys"), new BackgroundLoop(logger, "events of rules"));
        metrics.ObserveDroppedEvents(() => events.Dropped);
        _keys.Run(DeliverKeysAsync);
        _rules.Run(DeliverRulesAsync);
    }

    /// <summary>Ends the delivery. Waits for no handler: one may never return, or dispose the cache itself.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        _ = _keys.DisposeAsync().AsTask();
        _ = _rules.DisposeAsync().AsTask();
    }

    private async Task DeliverKeysAsync(CancellationToken stopping)
    {
        while (await _events.Waiting.WaitToReadAsync(stopping).ConfigureAwait(false))
        {
            // The writer holds locks of coherence while it queues, so a handler never runs on its thread.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            while (!stopping.IsCancellationRequested && _events.Waiting.TryRead(out var invalidated))
            {
                Deliver(invalidated, nameof(_events.Invalidated));
                LogDrops();
            }
        }
    }

    private async Task DeliverRulesAsync(CancellationToken stopping)
    {
        RegistrySnapshot? before = null;
        await foreach (var now in _registry.WatchAsync(stopping).ConfigureAwait(false))
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            if (before is not null && before.Revision != now.Revision)
            {
                Deliver(new RulesChangedEventArgs { Before = before, Now = now }, nameof(_events.RulesChanged));
            }

            foreach (var stop in now.Stops.Where(stop => before?.Stops.Any(other => other.Id == stop.Id) != true))
            {
                Deliver(new RuleStoppedEventArgs { Stop = stop }, nameof(_events.Stopped));
            }

            before = now;
        }
    }

    private void Deliver(EventArgs args, string name)
    {
        foreach (var handler in _events.HandlersOf(args))
        {
            try
            {
                handler();
            }
            catch (Exception e)
            {
                _metrics.EventFailed();
                if (_failedLog.ShouldLog(_clock.Monotonic()))
                {
                    _logger.EventHandlerFailed(e, name);
                }
            }
        }
    }

    private void LogDrops()
    {
        var dropped = _events.Dropped;
        if (dropped > _loggedDrops && _droppedLog.ShouldLog(_clock.Monotonic()))
        {
            _loggedDrops = dropped;
            _logger.EventsDropped(dropped);
        }
    }
}
