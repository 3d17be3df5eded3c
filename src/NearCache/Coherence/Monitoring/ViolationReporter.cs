using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Coherence.Monitoring;

/// <summary>Shares through memcached how many processes saw a violation, and stops near caching if there are two.</summary>
/// <remarks>
/// One process alone may be at fault itself: its clock, its memory, or its build. The counter is an item that expires. It is a claim, and
/// never loosens anything: the worst that it causes is a stop.
/// </remarks>
/// <param name="isOn">Whether near caching is stopped automatically.</param>
/// <param name="ownerOf">Returns the server of an item.</param>
/// <param name="stop">Stops near caching in the whole namespace, for a reason.</param>
internal sealed class ViolationReporter(
    bool isOn, Func<byte[], IRemoteServer> ownerOf, CoherenceContext context, Func<string, Task> stop)
{
    // The lifetime of the counter, in seconds. A process counts once in that time.
    private const int Lifetime = 600;

    // The number of processes whose violations stop near caching.
    private const int Enough = 2;

    private readonly byte[] _key = context.Names.Violations.ToArray();
    private long _countedUntil = long.MinValue;
    private bool _hasStopped;

    /// <summary>Counts this process among those that saw a violation lately.</summary>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    public async Task ReportAsync(long now)
    {
        if (!isOn || _hasStopped)
        {
            return;
        }

        try
        {
            // The value of a process that has counted already grows by the others alone.
            var delta = now < _countedUntil ? 0ul : 1ul;
            var command = MetaCommand.Increment(_key, delta) with { Vivify = Lifetime, Initial = 1 };
            var reply = await ownerOf(_key).ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false);
            if (delta == 1)
            {
                _countedUntil = now + (Lifetime * 1000);
            }

            if (AuditCommands.Counter(reply) is { } processes and >= Enough)
            {
                _hasStopped = true;
                context.Logger.StoppedByMonitor(processes);
                await stop($"near hits broke the promise in {processes} processes").ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException or ObjectDisposedException)
        {
            context.Metrics.RemoteFailed("monitor");
        }
    }
}
