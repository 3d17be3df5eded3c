namespace NearCache.Near;

/// <summary>
/// Takes the place of the codec in a <see cref="NearBytes"/> that was prefetched: the type of its value is not known yet.
/// </summary>
/// <param name="ClientFlags">The item's client flags, which describe the bytes.</param>
internal sealed record FetchedItem(uint ClientFlags);
