namespace NearCache.Tags;

/// <summary>A tag with its version when an entry was created: a random number that changes with each removal.</summary>
/// <param name="Name">The name of the tag on memcached, without <c>~tag:</c>; <see cref="Everything"/> for the tag of all entries.</param>
/// <param name="Version">The version.</param>
internal readonly record struct TagVersion(string Name, ulong Version)
{
    /// <summary>The tag of all entries. Each server has its own, so that an entry depends on no other server.</summary>
    public const string Everything = "*";
}

/// <summary>The dependency of an entry on a tag: the entry is valid while the tag has this version.</summary>
/// <param name="Tag">The state of the tag.</param>
/// <param name="Version">The version of the tag when the entry was created.</param>
internal readonly record struct TagDependency(TagState Tag, ulong Version);
