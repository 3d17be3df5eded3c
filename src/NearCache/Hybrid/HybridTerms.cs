using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Paths;

namespace NearCache.Hybrid;

/// <summary>An item is an answer while its tags are what they were, and as long as it can be read.</summary>
internal sealed class HybridTerms<T>(PlacedKey place, TagPath tags, HybridSerializers serializers, bool readsRemote, long mostBytes, NearCacheMetrics metrics, ILogger logger) : CreationTerms<HybridItem>
{
    public override bool IsCurrent(HybridItem near) => tags.AreCurrent(near.Stamps(versions => tags.Stamp(place, versions))) && near.TryPrepare<T>(serializers, out _);

    public override async ValueTask<Acceptance> CheckAsync(PlacedKey place, HybridItem found, CancellationToken cancellationToken)
    {
        if (!readsRemote)
        {
            return Acceptance.NotHere;
        }

        var verdict = await tags.CheckAsync(place, found.Stamps(versions => tags.Stamp(place, versions)), cancellationToken).ConfigureAwait(false);
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
        if (created.Payload is { Value.Length: var bytes } && bytes > mostBytes)
        {
            logger.HybridValueTooLarge(bytes, mostBytes);
            return false;
        }

        return created.IsStamped;
    }
}
