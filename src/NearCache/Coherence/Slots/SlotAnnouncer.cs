using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Slots.Core;
using NearCache.Loops;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Slots;

/// <summary>Writes announcements to slots, one write at a time, as the <see cref="SlotBoard"/> decides.</summary>
internal sealed class SlotAnnouncer(
    EnsembleLane[] lanes, NamespacePaths paths, CoherenceContext context, SlotBoard board, SlotListener listener) : IAsyncDisposable
{
    private readonly BackgroundLoop _loop = new(context.Logger, "announcing");
    private readonly TaskCompletionSource _isEmpty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isDraining;
    private long _merged;
    private long _dropped;

    public void Start() => _loop.Start(NextAsync);

    /// <summary>Waits until all announcements are sent, at most for <paramref name="limit"/>.</summary>
    /// <returns>The number of announcements that were not sent.</returns>
    public async Task<int> DrainAsync(TimeSpan limit)
    {
        _isDraining = true;
        board.ToWrite.Set();
        await _isEmpty.Task.WaitAsync(limit, context.Time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return board.Queue.Waiting;
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task NextAsync(CancellationToken stopping)
    {
        var now = context.Clock.Monotonic();
        var step = board.NextWrite(now);
        switch (step.Kind)
        {
            case SlotStepKind.Wait:
                if (_isDraining && board.Queue.IsEmpty)
                {
                    _isEmpty.TrySetResult();
                }

                await board.ToWrite.WaitAsync(step.Until == long.MaxValue ? step.Until : step.Until - context.Clock.Monotonic(), stopping)
                    .ConfigureAwait(false);
                break;
            case SlotStepKind.Read:
                var read = new SlotRead(step.Slot, now, hasWatch: false);
                if (lanes[step.Slot].ReadsFrom is var from && from > now)
                {
                    board.Failed(read, from);
                }
                else
                {
                    await listener.ReadAsync(read, stopping).ConfigureAwait(false);
                }

                break;
            case SlotStepKind.Write:
                await WriteAsync(step, stopping).ConfigureAwait(false);
                CountQueue();
                break;
        }
    }

    private async Task WriteAsync(SlotStep step, CancellationToken stopping)
    {
        try
        {
            if (await lanes[step.Slot].TrySetDataAsync(paths.Slot(step.Slot), step.Data, step.Version, stopping).ConfigureAwait(false))
            {
                board.Written(context.Clock.Monotonic());
                context.Metrics.Announced(1, "sent");
            }
            else
            {
                board.Refused(step.Slot, context.Clock.Monotonic());
                context.Metrics.Announced(1, "refused");
            }
        }
        catch (ZooKeeperException e)
        {
            // Audits make up for these announcements, and for those that overflow the queue during the pause.
            board.WriteFailed(
                step.Slot,
                lanes[step.Slot].ChangesFrom,
                isOfAll: e.Code == ZooKeeperErrorCode.QuotaExceeded || EnsembleGateway.IsOfConnection(e));
        }
    }

    private void CountQueue()
    {
        var queue = board.Queue;
        var (merged, dropped) = (queue.Merged - _merged, queue.Dropped - _dropped);
        (_merged, _dropped) = (queue.Merged, queue.Dropped);
        if (merged > 0)
        {
            context.Metrics.Announced((int)merged, "merged");
        }

        if (dropped > 0)
        {
            context.Metrics.Announced((int)dropped, "dropped");
        }
    }
}
