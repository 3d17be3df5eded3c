using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;

namespace NearCache.Coherence.Ledger;

/// <summary>Logs when the gate of a server opens and closes, and measures how long it was closed.</summary>
/// <param name="server">The name of the server.</param>
/// <param name="maxStaleness">The promised bound, in milliseconds, for the log.</param>
internal sealed class GateMonitor(string server, long maxStaleness, NearCacheMetrics metrics, ILogger logger)
{
    private bool _wasOpen;
    private bool _hasOpened;
    private long _lookedAt;

    /// <summary>Starts the measurement with a closed gate, at a monotonic millisecond.</summary>
    public void Begin(long now) => _lookedAt = now;

    /// <summary>Records the state of the gate. The time since the last call counts for the state of before.</summary>
    public void Observe(bool isOpen, long now)
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
