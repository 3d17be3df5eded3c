using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Ledger;
using NearCache.Coherence.ServerRules;
using NearCache.Diagnostics;
using NearCache.Rules;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Slots;

/// <summary>Confirms a remote without counters by ZooKeeper: one sync, then one read of all slots and the rules.</summary>
/// <remarks>
/// After the sync, the server knows every write from before the sync. So its reply contains every announcement of that time.
/// </remarks>
internal sealed class SlotConfirmation(
    EnsembleLane lane,
    NamespacePaths paths,
    SlotChannel slots,
    RulesCoordinator rules,
    CoherenceContext context,
    double deliveries,
    Func<bool> isUp) : IConfirmation
{
    private const long Least = 1000;

    // A sync and a read.
    private const int RequestsEach = 2;

    private readonly MultiReadOperation[] _reads =
        [
            MultiReadOperation.GetData(paths.Rules),
            .. Enumerable.Range(0, NamespacePaths.SlotCount).Select(slot => MultiReadOperation.GetData(paths.Slot(slot))),
        ];

    private long _rulesRead = -1;
    private bool _isTooLarge;

    public long Period =>
        Math.Max(Math.Max(Least, context.AuditPeriod), (long)Math.Ceiling(1000.0 * RequestsEach * slots.Members / deliveries));

    public async Task<bool> ConfirmAsync(CancellationToken cancellationToken)
    {
        if (!isUp())
        {
            // The next session may lead to an ensemble with another history.
            Interlocked.Exchange(ref _rulesRead, -1);
            return false;
        }

        if (IsTooLarge())
        {
            return false;
        }

        try
        {
            slots.CountRequests(RequestsEach);
            await lane.SyncAsync(paths.Home, cancellationToken).ConfigureAwait(false);
            var read = await lane.MultiReadAsync(_reads, cancellationToken).ConfigureAwait(false);
            if (read.Any(one => one.Data is null))
            {
                return false;
            }

            for (var slot = 0; slot < NamespacePaths.SlotCount; slot++)
            {
                slots.Receive(slot, read[slot + 1].Data!.Value);
            }

            return TakeRules(read[0].Data!.Value);
        }
        catch (ZooKeeperException)
        {
            return false;
        }
    }

    // The watch of the registry applies the rules, too. Here that is certain.
    private bool TakeRules(ZNodeData data)
    {
        if (Interlocked.Read(ref _rulesRead) >= data.Stat.ModifiedZxid)
        {
            return true;
        }

        if (!RegistryDocument.TryRead(data.Data, out var document, out var why))
        {
            rules.RegistryUnreadable(why);
            return false;
        }

        rules.RegistryRead(document);
        Interlocked.Exchange(ref _rulesRead, data.Stat.ModifiedZxid);
        return true;
    }

    // A fleet that confirms less often would serve near values for moments only.
    private bool IsTooLarge()
    {
        var isTooLarge = Period > context.MaxStaleness / 2;
        if (isTooLarge && !_isTooLarge)
        {
            context.Logger.TooManyToConfirm(
                slots.Members, TimeSpan.FromMilliseconds(Period), TimeSpan.FromMilliseconds(context.MaxStaleness));
        }

        return _isTooLarge = isTooLarge;
    }
}
