namespace NearCache.Near;

/// <summary>
/// Stands in a <see cref="NearBytes"/> in the place of a codec: the bytes were fetched before anybody said as what they are read.
/// </summary>
/// <param name="ClientFlags">The item's flags, which say how the bytes were made.</param>
internal sealed record FetchedItem(uint ClientFlags);
