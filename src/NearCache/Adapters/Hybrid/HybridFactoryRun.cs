using NearCache.Memcached;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Tags;

namespace NearCache.Adapters.Hybrid;

/// <summary>Makes an item by a caller's factory: the versions of its tags are read first, so that a removal meanwhile voids it.</summary>
internal sealed class HybridFactoryRun<TState, T>(
    PlacedKey place, IReadOnlyList<string> names, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, TagPath tags, ReadPath reads, HybridSerializers serializers, TimeProvider time, bool mayPack)
{
    /// <summary>Whether the factory returned, for this caller or one that joined it.</summary>
    public bool HasRun { get; private set; }

    /// <summary>What it returned.</summary>
    public T? Value { get; private set; }

    public async ValueTask<HybridItem> RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        TagVersion[] versions;
        try
        {
            versions = await tags.ReadAsync(place, names, cancellationToken).ConfigureAwait(false);
        }
        catch (MemcachedException e)
        {
            // The caller gets its value, which is stored nowhere.
            reads.OnFailure<HybridItem>(e, "get tag", place.Text);
            versions = [];
        }

        var value = await factory(state, cancellationToken).ConfigureAwait(false);
        var item = HybridItem.Of(value, versions, serializers, mayPack, began);
        (Value, HasRun) = (value, true);
        return item;
    }
}
