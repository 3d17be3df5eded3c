using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.Ledger.Core;
using NearCache.Coherence.Slots.Core;
using NearCache.Loops;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Slots;

/// <summary>
/// Receives the announcements of other processes: reads the slots that are due, and voids the keys that are new in them.
/// </summary>
/// <param name="damage">Set when a slot is missing or cannot be read.</param>
internal sealed class SlotListener(
    EnsembleLane[] lanes,
    NamespacePaths paths,
    CoherenceContext context,
    SlotBoard board,
    ServerDirectory servers,
    LoopSignal damage) : IAsyncDisposable
{
    private readonly Lock _receiving = new();   // held from reading a slot's state until its new keys are void; taken before any other lock
    private readonly BackgroundLoop _loop = new(context.Logger, "reading slots");

    public void Start() => _loop.Start(ReadDueAsync);

    /// <summary>Reads a slot. Its new keys are void when the task completes.</summary>
    public async Task ReadAsync(SlotRead read, CancellationToken cancellationToken)
    {
        try
        {
            Action<WatchEvent>? watch = read.HasWatch ? _ => board.Fired(read, context.Clock.Monotonic()) : null;
            Receive(read, await lanes[read.Slot].GetDataAsync(paths.Slot(read.Slot), watch, cancellationToken).ConfigureAwait(false));
        }
        catch (ZooKeeperException e)
        {
            board.Failed(read, lanes[read.Slot].ReadsFrom);
            if (e.Code == ZooKeeperErrorCode.NoNode)
            {
                damage.Set();
            }
        }
    }

    /// <summary>Applies a read without a watch that another part has made. New announcements are void here when this returns.</summary>
    public void Receive(int slot, ZNodeData data) => Receive(new SlotRead(slot, sentAt: 0, hasWatch: false), data);

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task ReadDueAsync(CancellationToken stopping)
    {
        var due = board.NextReads(context.Clock.Monotonic(), out var until);
        if (due.Count == 0)
        {
            await board.ToRead.WaitAsync(until == long.MaxValue ? until : until - context.Clock.Monotonic(), stopping)
                .ConfigureAwait(false);
            return;
        }

        await Task.WhenAll(due.Select(read => ReadAsync(read, stopping))).ConfigureAwait(false);
    }

    private void Receive(SlotRead read, ZNodeData data)
    {
        var isReadable = SlotRing.TryDecode(data.Data.Span, out var ring);
        if (!isReadable)
        {
            ring = SlotRing.Empty;
        }

        isReadable &= !ring.IsNewer;

        lock (_receiving)
        {
            var content = new SlotContent(
                ring, data.Stat.ModifiedZxid, data.Stat.CreatedZxid, data.Stat.Version, data.Data.Length, isReadable);
            var received = board.Receive(read, content, context.Clock.Monotonic(), out var gap);
            if (!context.HasCounters && (gap || !isReadable))
            {
                foreach (var server in servers.All)
                {
                    server.Void(FlushReason.AnnouncementsMissed);
                }
            }

            foreach (var announcement in received)
            {
                // Announcements of servers that the cache does not use are ignored.
                servers.Find(announcement.Server)?.Receive(announcement);
            }

            if (received.Length > 0)
            {
                context.Metrics.Announced(received.Length, "received");
            }
        }

        if (!isReadable)
        {
            damage.Set();
        }
    }
}
