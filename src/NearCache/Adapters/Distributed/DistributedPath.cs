using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote;
using NearCache.Writing;

namespace NearCache.Adapters.Distributed;

/// <summary>
/// Implements <c>IDistributedCache</c> on the common paths. An item with a sliding expiration is never near, because memcached must see
/// every read.
/// </summary>
internal sealed class DistributedPath(KeyPlacement map, ReadPath reads, WritePath writes, NearStore near, TimeProvider time, ILogger logger)
{
    public async ValueTask<DistributedItem?> GetAsync(string name, CancellationToken cancellationToken)
    {
        if (near.TryGet<DistributedItem>(name, out var found))
        {
            return found.Value;
        }

        if (!map.IsPrefixKnown)
        {
            await map.PrefixKnownAsync(cancellationToken).ConfigureAwait(false);
        }

        var place = map.Place(name);
        var fill = reads.BeginFill(place);
        MetaResponse item;
        try
        {
            item = await place.Server.Server.ExecuteAsync(MetaCommand.Get(place.Physical, ReadPath.Fields), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (MemcachedException e)
        {
            return reads.OnFailure<DistributedItem>(e, "get", name, IsAlive).Value;
        }

        var read = reads.Receive<DistributedItem>(place, fill: null, item);
        if (read.Value is not { } value || value.LifetimeAt(time.GetUtcNow()) <= TimeSpan.Zero)
        {
            return null;
        }

        if (value.Sliding is not null)
        {
            reads.Extended(place);
            await SlideAsync(place, value, item.TimeToLive, cancellationToken).ConfigureAwait(false);
        }
        else if (fill is { } keep)
        {
            reads.KeepNear(place, keep, value, value.Payload, item.TimeToLive, read.Version);
        }

        return value;
    }

    public Task SetAsync(string name, DistributedItem item, CancellationToken cancellationToken) =>
        writes.SetAsync(name, item, item.LifetimeAt(time.GetUtcNow()), cancellationToken);

    public Task RemoveAsync(string name, CancellationToken cancellationToken) => writes.RemoveAsync(name, cancellationToken);

    // Returns whether a stale item would not have expired, as far as this process knows.
    private bool IsAlive(CacheResult<DistributedItem> stale) =>
        stale.Value is { } item && !(item.Deadline <= time.GetUtcNow().ToUnixTimeMilliseconds()) && !(stale.Age >= item.Sliding);

    // At most once a second, the resolution of memcached. A longer lifetime needs no announcement.
    private async ValueTask SlideAsync(PlacedKey place, DistributedItem item, int secondsLeft, CancellationToken cancellationToken)
    {
        var seconds = Expiry.Of(item.LifetimeAt(time.GetUtcNow()), time);
        if (secondsLeft >= seconds && seconds <= Expiry.LongestRelative)
        {
            return;
        }

        try
        {
            await place.Server.Server.ExecuteAsync(
                MetaCommand.Get(place.Physical, MetaFields.None) with { TimeToLive = seconds }, cancellationToken).ConfigureAwait(false);
        }
        catch (MemcachedException e)
        {
            // The value is returned; only its lifetime may end early.
            logger.RemoteFailed(e, "touch", "the value, which may end early");
        }
    }
}

/// <summary>The parts of a <see cref="NearDistributedCache"/>.</summary>
internal sealed record DistributedParts(DistributedPath Path, Func<string, bool> CanHold, TimeProvider Time, bool Slides);
