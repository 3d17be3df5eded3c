namespace NearCache.Tags;

/// <summary>A tag's version when an entry was made, beside the place where the version of now is known.</summary>
internal readonly record struct TagStamp(TagCell Cell, ulong Version);
