using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Diagnostics;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Placement;
using NearCache.Writing;

namespace NearCache.Creating;

/// <summary>
/// Removes results of factories that may have overwritten a change; see <see cref="RecentFills"/>. Only for a remote without
/// compare-and-set.
/// </summary>
internal sealed class OverwriteRemover : IAsyncDisposable
{
    private readonly RecentFills _fills;
    private readonly KeyPlacement _map;
    private readonly WritePath _writes;
    private readonly NearCacheMetrics _metrics;
    private readonly ILogger _logger;
    private readonly LoopSignal _due;
    private readonly BackgroundLoop _loop;

    public OverwriteRemover(
        RecentFills fills, KeyPlacement map, WritePath writes, TimeProvider time, NearCacheMetrics metrics, ILogger logger)
    {
        (_fills, _map, _writes, _metrics, _logger) = (fills, map, writes, metrics, logger);
        _due = new LoopSignal(time);
        _loop = new BackgroundLoop(logger, "removing overwritten changes");
        fills.Due = _due.Set;
        _loop.Start(NextAsync);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task NextAsync(CancellationToken stopping)
    {
        await _due.WaitAsync(int.MaxValue, stopping).ConfigureAwait(false);
        stopping.ThrowIfCancellationRequested();
        foreach (var removal in _fills.TakeDue())
        {
            var outcome = await RemoveAsync(removal).ConfigureAwait(false) ? "removed" : "failed";
            _metrics.OverwriteRemoved(outcome);
        }
    }

    // A removal that fails is not repeated: the item stays, as it would without this.
    private async Task<bool> RemoveAsync(FillRemoval removal)
    {
        var place = _map.PlaceName(removal.Key);
        var command = MetaCommand.Delete(place.Physical);
        try
        {
            if (removal.Announces)
            {
                await _writes.MutateAsync(place, command, "remove", CancellationToken.None).ConfigureAwait(false);
            }
            else
            {
                await place.Server.Server.ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false);
            }

            return true;
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            _logger.RemoteFailed(e, "remove", "a value that may have overwritten a change");
            return false;
        }
    }
}
