using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;

namespace NearCache.Coherence.Ledger;

/// <summary>Says when the gate of a server opens and closes, and counts for how long it was closed.</summary>
/// <param name="server">The server's name.</param>
/// <param name="maxStaleness">In milliseconds, for the log.</param>
internal sealed class GateMonitor(string server, long maxStaleness, NearCacheMetrics metrics, ILogger logger)
{
    private bool _wasOpen;
    private bool _hasOpened;
    private long _lookedAt;

    /// <summary>The gate is closed from now on, a monotonic millisecond.</summary>
    public void Begin(long now) => _lookedAt = now;

    /// <summary>The gate was looked at. What it was before counts as what it has been since.</summary>
    public void Look(bool isOpen, long now)
    {
        if (!_wasOpen)
        {
            metrics.GateWasClosed(TimeSpan.FromMilliseconds(now - _lookedAt));
        }

        _lookedAt = now;
        if (isOpen == _wasOpen)
        {
            return;
        }

        _wasOpen = isOpen;
        if (isOpen && !_hasOpened)
        {
            _hasOpened = true;
            logger.GateOpenedFirst(server);
        }
        else if (isOpen)
        {
            logger.GateOpened(server);
        }
        else
        {
            logger.GateClosed(server, TimeSpan.FromMilliseconds(maxStaleness));
        }
    }
}
