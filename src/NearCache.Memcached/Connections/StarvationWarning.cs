using Microsoft.Extensions.Logging;
using NearCache.Memcached.Diagnostics;
using NearCache.Transport.Scheduling;

namespace NearCache.Memcached.Connections;

/// <summary>Says once for a client that the thread pool is starved.</summary>
internal sealed class StarvationWarning(ILogger logger)
{
    private readonly int _before = WorkScheduler.LongStarvations;
    private int _isSaid;

    /// <summary>Says so if it has happened since the client was made.</summary>
    public void LogIfStarved()
    {
        if (WorkScheduler.LongStarvations != _before && Interlocked.Exchange(ref _isSaid, 1) == 0)
        {
            logger.PoolStarved(WorkScheduler.LongStarvationMilliseconds);
        }
    }
}
