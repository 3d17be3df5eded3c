namespace NearCache.Tags;

/// <summary>A tag, and its version when an entry was made: a random number that is another one after each removal.</summary>
/// <param name="Name">The tag as it is named on memcached, behind <c>~tag:</c>; <see cref="Everything"/> for what every entry has.</param>
/// <param name="Version">The version.</param>
internal readonly record struct TagVersion(string Name, ulong Version)
{
    /// <summary>The tag of all entries. Each server has one of its own, so that an entry depends on no other server by it.</summary>
    public const string Everything = "*";
}

/// <summary>A tag's version when an entry was made, beside the place where the version of now is known.</summary>
internal readonly record struct TagStamp(TagCell Cell, ulong Version);
