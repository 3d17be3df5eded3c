using Microsoft.Extensions.Logging;
using NearCache.Creating;
using NearCache.Diagnostics;
using NearCache.Near;
using NearCache.Placement;

namespace NearCache.Adapters.Hybrid;

/// <summary>Accepts an item while its tags are unchanged and its value can be read.</summary>
internal sealed class HybridConstraints<T>(
    PlacedKey place,
    TagPath tags,
    NearStore store,
    HybridSerializers serializers,
    bool readsRemote,
    HybridLimits limits,
    NearCacheMetrics metrics,
    ILogger logger) : CreationConstraints<HybridItem>
{
    private HybridItem? _refused;

    public override bool IsCurrent(HybridItem near) =>
        tags.AreCurrent(near.Dependencies(versions => tags.DependenciesOf(place, versions))) && TryPrepare(near, out _);

    public override async ValueTask<ValueVerdict> CheckAsync(PlacedKey place, HybridItem found, CancellationToken cancellationToken)
    {
        if (!readsRemote)
        {
            return ValueVerdict.NotForThisCaller;
        }

        var verdict = await tags.CheckAsync(place, found.Dependencies(versions => tags.DependenciesOf(place, versions)), cancellationToken)
            .ConfigureAwait(false);
        if (verdict == ValueVerdict.Accept && !TryPrepare(found, out var why))
        {
            metrics.ValueUnreadable("content");
            logger.HybridValueUnreadable(why, typeof(T).Name);
            return ValueVerdict.Replace;
        }

        return verdict;
    }

    public override bool MayStore(HybridItem created)
    {
        if (created.Payload is { } payload && limits.WhyNot(payload) is { } reason)
        {
            // Called again when the lease is released; logged once.
            if (!ReferenceEquals(Interlocked.Exchange(ref _refused, created), created))
            {
                logger.HybridValueTooLarge(payload.Value.Length, reason);
            }

            return false;
        }

        return created.HasTagVersions;
    }

    // An item that was read is kept near before its type is known, and with it its size.
    private bool TryPrepare(HybridItem item, out Exception? why)
    {
        if (!item.TryPrepare<T>(serializers, out why))
        {
            return false;
        }

        if (store.Find(place.Text) is { } entry && ReferenceEquals(entry.Value, item) && item.Memory is { } memory)
        {
            store.Resize(entry, memory);
        }

        return true;
    }
}
