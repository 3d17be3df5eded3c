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
/// <remarks>With several servers ZooKeeper only keeps the history, and is read less often. It is written when something is new.</remarks>
internal sealed class IdentityNode(
    EnsembleGateway gate,
    EnsembleLane lane,
    NamespacePaths paths,
    CoherenceContext context,
    IdentityReconciler reconciler,
    ServerDirectory servers,
    Action exchanged)
{
    private const string Item = "ZooKeeper";
    private const long FirstAfter = 2_000;
    private const long Period = 20_000;
    private const long PeriodOfSeveral = 60_000;

    // Milliseconds for each process that reads: at most 50 reads a second of all members.
    private const long PeriodPerMember = 20;

    private const long BeatEvery = 600_000;

    // After a change all processes look again at random times in this span, and find that the first one has written.
    private const long Spread = 5_000;

    private readonly LoopSignal _changed = new(context.Time);

    /// <summary>Lets the next exchange happen soon.</summary>
    public void Hasten() => _changed.Set();

    /// <summary>Exchanges what is known during one session.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        for (var wait = FirstAfter; ; wait = NextWait())
        {
            await _changed.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                await ExchangeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ZooKeeperException)
            {
                // The lane pauses after a failure.
            }

            exchanged();
        }
    }

    private long NextWait()
    {
        var period = Math.Max(servers.All.Count == 1 ? Period : PeriodOfSeveral, PeriodPerMember * gate.Members);
        return (long)(period * (0.9 + (0.2 * Random.Shared.NextDouble())));
    }

    private async Task ExchangeAsync(CancellationToken cancellationToken)
    {
        if (await ReconcileAsync(cancellationToken).ConfigureAwait(false) is null)
        {
            return;
        }

        await Task.Delay(TimeSpan.FromMilliseconds(Spread * Random.Shared.NextDouble()), context.Time, cancellationToken)
            .ConfigureAwait(false);
        if (await ReconcileAsync(cancellationToken).ConfigureAwait(false) is not ({ } document, var version))
        {
            return;
        }

        var content = document.Encode();
        if (content.Length <= IdentityDocument.MaxBytes
            && await lane.TrySetDataAsync(paths.Members, content, version, cancellationToken).ConfigureAwait(false))
        {
            reconciler.Stored(Item, document, BeatEvery, context.Clock.Monotonic());
        }
    }

    // The document to write, and the version of the node that it replaces; null if there is nothing to write.
    private async Task<(IdentityDocument Document, int Version)?> ReconcileAsync(CancellationToken cancellationToken)
    {
        if (await lane.TryGetDataAsync(paths.Members, null, cancellationToken).ConfigureAwait(false) is not { } node)
        {
            return null;
        }

        if (!IdentityDocument.TryDecode(node.Data, out var stored, out var isNewer))
        {
            stored = isNewer ? null : IdentityDocument.Empty;
        }

        return stored is not null
            && reconciler.Reconcile(Item, holder: null, stored, BeatEvery, context.Clock.Monotonic()) is { } document
            ? (document, node.Stat.Version)
            : null;
    }
}
