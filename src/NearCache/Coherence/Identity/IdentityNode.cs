using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Identity.Core;
using NearCache.Coherence.Ledger;
using NearCache.Loops;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Identity;

/// <summary>
/// Does through ZooKeeper what <see cref="IdentityExchange"/> does through the other servers. The document is the data of the node of the
/// members, which exists already: no node is added.
/// </summary>
/// <remarks>It is written when something is new. It is read when a watch reports a change, and about once a minute without one.</remarks>
internal sealed class IdentityNode
{
    private const string Item = "ZooKeeper";
    private const long FirstAfter = 2_000;
    private const long Period = 60_000;

    // Milliseconds for each process that reads: at most 50 reads a second of all members.
    private const long PerMember = 20;

    // After a change all processes read at random times in this span, or a longer one if they are many.
    private const long ReadSpread = 1_000;

    private const long BeatEvery = 600_000;

    // All processes that have something to write look again at random times in this span, and find that the first one has written.
    private const long WriteSpread = 5_000;

    private readonly EnsembleGateway _gate;
    private readonly EnsembleLane _lane;
    private readonly NamespacePaths _paths;
    private readonly CoherenceContext _context;
    private readonly IdentityReconciler _reconciler;
    private readonly Action _exchanged;
    private readonly LoopSignal _changed;
    private readonly Action<WatchEvent> _watch;   // the same one at each read: a client keeps one of it

    /// <param name="exchanged">Called after each exchange.</param>
    public IdentityNode(
        EnsembleGateway gate,
        EnsembleLane lane,
        NamespacePaths paths,
        CoherenceContext context,
        IdentityReconciler reconciler,
        Action exchanged)
    {
        (_gate, _lane, _paths, _context, _reconciler, _exchanged) = (gate, lane, paths, context, reconciler, exchanged);
        _changed = new LoopSignal(context.Time);
        _watch = _ => _changed.Set();
    }

    /// <summary>Lets the next exchange happen soon.</summary>
    public void Hasten() => _changed.Set();

    /// <summary>Exchanges what is known during one session.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var wait = FirstAfter; ; wait = NextWait())
        {
            await _changed.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            await DelayAsync(Math.Max(ReadSpread, PerMember * _gate.Members), cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await ExchangeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ZooKeeperException)
            {
                // The lane pauses after a failure.
            }

            _exchanged();
        }
    }

    private static long NextWait() => (long)(Period * (0.9 + (0.2 * Random.Shared.NextDouble())));

    private Task DelayAsync(long atMost, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(atMost * Random.Shared.NextDouble()), _context.Time, cancellationToken);

    private async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        if (await ReconcileAsync(cancellationToken).ConfigureAwait(false) is null)
        {
            return;
        }

        await DelayAsync(WriteSpread, cancellationToken).ConfigureAwait(false);
        if (await ReconcileAsync(cancellationToken).ConfigureAwait(false) is not ({ } document, var version))
        {
            return;
        }

        var content = document.Encode();
        if (content.Length <= IdentityDocument.MaxBytes
            && await _lane.TrySetDataAsync(_paths.Members, content, version, cancellationToken).ConfigureAwait(false))
        {
            _reconciler.Stored(Item, document, BeatEvery, _context.Clock.Monotonic());
        }
    }

    // The document to write, and the version of the node that it replaces; null if there is nothing to write.
    private async Task<(IdentityDocument Document, int Version)?> ReconcileAsync(CancellationToken cancellationToken)
    {
        if (await _lane.TryGetDataAsync(_paths.Members, _watch, cancellationToken).ConfigureAwait(false) is not { } node)
        {
            return null;
        }

        if (!IdentityDocument.TryDecode(node.Data, out var stored, out var isNewer))
        {
            stored = isNewer ? null : IdentityDocument.Empty;
        }

        return stored is not null
            && _reconciler.Reconcile(Item, holder: null, stored, BeatEvery, _context.Clock.Monotonic()) is { } document
            ? (document, node.Stat.Version)
            : null;
    }
}
