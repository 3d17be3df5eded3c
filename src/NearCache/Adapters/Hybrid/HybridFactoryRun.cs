using NearCache.Memcached;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Tags;

namespace NearCache.Adapters.Hybrid;

/// <summary>
/// Creates an item by a caller's factory. The versions of its tags are read before the factory runs, so that a removal of a tag during
/// the run voids the item.
/// </summary>
internal sealed class HybridFactoryRun<TState, T>(
    PlacedKey place,
    IReadOnlyList<string> names,
    TState state,
    Func<TState, CancellationToken, ValueTask<T>> factory,
    TagPath tags,
    ReadPath reads,
    HybridSerializers serializers,
    TimeProvider time,
    bool mayPack)
{
    /// <summary>Gets a value indicating whether the factory has returned, for this caller or for one that joined it.</summary>
    public bool HasRun { get; private set; }

    /// <summary>Gets the result of the factory.</summary>
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
            // The caller receives its value, which is not stored.
            reads.OnFailure<HybridItem>(e, "get tag", place.Text);
            versions = [];
        }

        var value = await factory(state, cancellationToken).ConfigureAwait(false);
        var item = HybridItem.Of(value, versions, serializers, mayPack, began);
        if (item.HasTagVersions)
        {
            // Found now, so that the first near hit needs no more than the others.
            item.Dependencies(versions => tags.DependenciesOf(place, versions));
        }

        (Value, HasRun) = (value, true);
        return item;
    }
}
