using NearCache.Coherence.Identity.Core;
using NearCache.Coherence.Ledger;
using NearCache.Loops;
using NearCache.Memcached;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Identity;

/// <summary>
/// Tells other processes through shared stores what this process knows of the identities behind the names of servers, and hears what they
/// know: periodically, and soon after a change here.
/// </summary>
/// <remarks>Documents are written only by compare-and-set, so one process of the fleet writes what all have seen.</remarks>
/// <param name="pacing">The periods of the exchange.</param>
/// <param name="exchanged">Called after each exchange.</param>
internal sealed class IdentityExchange(
    CoherenceContext context, IdentityReconciler reconciler, IdentityPacing pacing, Action exchanged)
{
    private readonly LoopSignal _changed = new(context.Time);

    /// <summary>Lets the next exchange happen soon.</summary>
    public void Hasten() => _changed.Set();

    /// <summary>Exchanges until the token is cancelled.</summary>
    /// <param name="stores">Returns the present stores.</param>
    /// <param name="cancellationToken">Ends the exchange.</param>
    public async Task RunAsync(Func<IEnumerable<IIdentityStore>> stores, CancellationToken cancellationToken)
    {
        for (var wait = pacing.FirstAfter; ; wait = (long)(pacing.Period * (0.9 + (0.2 * Random.Shared.NextDouble()))))
        {
            await _changed.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            await DelayAsync(pacing.ReadSpread(), cancellationToken).ConfigureAwait(false);
            foreach (var store in stores())
            {
                await TryExchangeAsync(store, cancellationToken).ConfigureAwait(false);
            }

            exchanged();
        }
    }

    private async Task TryExchangeAsync(IIdentityStore store, CancellationToken cancellationToken)
    {
        try
        {
            await ExchangeAsync(store, cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException)
        {
            // The lane pauses after a failure.
        }
        catch (Exception e) when (e is MemcachedException or NearCacheException)
        {
            context.Metrics.RemoteFailed("identities");
        }
        catch (ObjectDisposedException)
        {
            // The server was just removed from the list, or the cache ends.
        }
    }

    private async Task ExchangeAsync(IIdentityStore store, CancellationToken cancellationToken)
    {
        var change = await ReconcileAsync(store, cancellationToken).ConfigureAwait(false);
        if (change is not null && pacing.WriteSpread > 0)
        {
            await DelayAsync(pacing.WriteSpread, cancellationToken).ConfigureAwait(false);
            change = await ReconcileAsync(store, cancellationToken).ConfigureAwait(false);
        }

        if (change is not var (document, stored) || document.Encode() is not { Length: <= IdentityDocument.MaxBytes } content)
        {
            return;
        }

        if (await stored.TryReplaceAsync(content).ConfigureAwait(false))
        {
            reconciler.Stored(store.Name, document, pacing.BeatEvery, context.Clock.Monotonic());
        }
        else
        {
            // Another process wrote it meanwhile.
            Hasten();
        }
    }

    // The document to write, and what it replaces; null if there is nothing to write.
    private async Task<Change?> ReconcileAsync(IIdentityStore store, CancellationToken cancellationToken)
    {
        if (await store.ReadAsync(cancellationToken).ConfigureAwait(false) is not { } stored)
        {
            return null;
        }

        if (!IdentityDocument.TryDecode(stored.Content, out var document, out var isNewer))
        {
            document = isNewer ? null : IdentityDocument.Empty;
        }

        return document is not null
            && reconciler.Reconcile(store.Name, document, pacing.BeatEvery, context.Clock.Monotonic()) is { } next
            ? new Change(next, stored)
            : null;
    }

    private Task DelayAsync(long atMost, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(atMost * Random.Shared.NextDouble()), context.Time, cancellationToken);

    private sealed record Change(IdentityDocument Document, StoredIdentities Stored);
}

/// <summary>A place that all processes share, and that holds one document of identities.</summary>
internal interface IIdentityStore
{
    /// <summary>Gets the name of the place.</summary>
    string Name { get; }

    /// <summary>Reads the document; null if there is no place for one now.</summary>
    Task<StoredIdentities?> ReadAsync(CancellationToken cancellationToken);
}

/// <summary>A stored document.</summary>
/// <param name="Content">The bytes; none if there is no document.</param>
/// <param name="TryReplaceAsync">Writes other bytes, unless the document has changed since it was read. Returns whether it did.</param>
internal sealed record StoredIdentities(ReadOnlyMemory<byte> Content, Func<byte[], Task<bool>> TryReplaceAsync);

/// <summary>The periods of an exchange, in milliseconds.</summary>
/// <param name="FirstAfter">The time before the first exchange.</param>
/// <param name="Period">The time between two exchanges without a change, ± 10 %.</param>
/// <param name="ReadSpread">Returns the span in which all processes read after a change that all of them notice.</param>
/// <param name="WriteSpread">
/// The span in which all processes that have something to write read again, and find that the first one has written; 0: they write at once.
/// </param>
/// <param name="BeatEvery">The time after which the beat of the placement is raised.</param>
internal sealed record IdentityPacing(long FirstAfter, long Period, Func<long> ReadSpread, long WriteSpread, long BeatEvery)
{
    // At most 200 reads a second of all members.
    private const long PerMember = 5;

    private const long LeastSpread = 1_000;

    /// <summary>Gets the periods of the exchange through the servers.</summary>
    public static IdentityPacing OfServers { get; } = new(1_000, 20_000, () => LeastSpread, 0, PlacementComparison.BeatEvery);

    /// <summary>Returns the periods of the exchange through ZooKeeper, in which a write that another one overtook costs as much.</summary>
    /// <param name="members">Returns the number of processes.</param>
    public static IdentityPacing OfZooKeeper(Func<int> members) =>
        new(2_000, 60_000, () => Math.Max(LeastSpread, PerMember * members()), 5_000, 600_000);
}
