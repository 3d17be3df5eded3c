using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Paths;

namespace NearCache.Hybrid;

/// <summary>An item is an answer while its tags are what they were, and as long as it can be read.</summary>
internal sealed class HybridTerms<T>(
    PlacedKey place,
    TagPath tags,
    HybridSerializers serializers,
    bool readsRemote,
    HybridLimits limits,
    NearCacheMetrics metrics,
    ILogger logger) : CreationTerms<HybridItem>
{
    private HybridItem? _refused;

    public override bool IsCurrent(HybridItem near) =>
        tags.AreCurrent(near.Stamps(versions => tags.Stamp(place, versions))) && near.TryPrepare<T>(serializers, out _);

    public override async ValueTask<Acceptance> CheckAsync(PlacedKey place, HybridItem found, CancellationToken cancellationToken)
    {
        if (!readsRemote)
        {
            return Acceptance.NotHere;
        }

        var verdict = await tags.CheckAsync(place, found.Stamps(versions => tags.Stamp(place, versions)), cancellationToken)
            .ConfigureAwait(false);
        if (verdict == Acceptance.Yes && !found.TryPrepare<T>(serializers, out var why))
        {
            metrics.ValueUnreadable("content");
            logger.HybridValueUnreadable(why, typeof(T).Name);
            return Acceptance.No;
        }

        return verdict;
    }

    public override bool Stores(HybridItem created)
    {
        if (created.Payload is { } payload && limits.WhyNot(payload) is { } reason)
        {
            // Asked again whether the lease is to be given back: said once.
            if (!ReferenceEquals(Interlocked.Exchange(ref _refused, created), created))
            {
                logger.HybridValueTooLarge(payload.Value.Length, reason);
            }

            return false;
        }

        return created.IsStamped;
    }
}
