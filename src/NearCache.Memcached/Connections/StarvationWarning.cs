using Microsoft.Extensions.Logging;
using NearCache.Memcached.Diagnostics;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>Logs once per client that the thread pool is starved.</summary>
internal sealed class StarvationWarning(ILogger logger)
{
    private readonly int _before = WorkScheduler.LongStarvations;
    private int _isLogged;

    /// <summary>Logs a warning if a starvation has occurred since the client was created.</summary>
    public void LogIfStarved()
    {
        if (WorkScheduler.LongStarvations != _before && Interlocked.Exchange(ref _isLogged, 1) == 0)
        {
            logger.PoolStarved(WorkScheduler.LongStarvationMilliseconds);
        }
    }
}
