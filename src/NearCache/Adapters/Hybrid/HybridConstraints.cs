using Microsoft.Extensions.Logging;
using NearCache.Creating;
using NearCache.Diagnostics;
using NearCache.Placement;

namespace NearCache.Adapters.Hybrid;

/// <summary>Accepts an item while its tags are unchanged and its value can be read.</summary>
internal sealed class HybridConstraints<T>(
    PlacedKey place,
    TagPath tags,
    HybridSerializers serializers,
    bool readsRemote,
    HybridLimits limits,
    NearCacheMetrics metrics,
    ILogger logger) : CreationConstraints<HybridItem>
{
    private HybridItem? _refused;

    public override bool IsCurrent(HybridItem near) =>
        tags.AreCurrent(near.Dependencies(versions => tags.DependenciesOf(place, versions))) && near.TryPrepare<T>(serializers, out _);

    public override async ValueTask<ValueVerdict> CheckAsync(PlacedKey place, HybridItem found, CancellationToken cancellationToken)
    {
        if (!readsRemote)
        {
            return ValueVerdict.NotForThisCaller;
        }

        var verdict = await tags.CheckAsync(place, found.Dependencies(versions => tags.DependenciesOf(place, versions)), cancellationToken)
            .ConfigureAwait(false);
        if (verdict == ValueVerdict.Accept && !found.TryPrepare<T>(serializers, out var why))
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
}
