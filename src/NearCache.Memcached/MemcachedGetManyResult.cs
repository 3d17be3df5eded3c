namespace NearCache.Memcached;

/// <summary>
/// The result of <see cref="MemcachedReadExtensions.TryGetManyAsync"/>: the values that were read, and the failures of the other keys.
/// </summary>
public sealed class MemcachedGetManyResult
{
    internal MemcachedGetManyResult(IReadOnlyDictionary<string, byte[]> found, IReadOnlyDictionary<string, MemcachedException> failed) =>
        (Found, Failed) = (found, failed);

    /// <summary>Gets the values by key. A key that is neither here nor in <see cref="Failed"/> does not exist.</summary>
    public IReadOnlyDictionary<string, byte[]> Found { get; }

    /// <summary>Gets the exceptions by key, for keys that could not be read.</summary>
    public IReadOnlyDictionary<string, MemcachedException> Failed { get; }

    /// <summary>Gets a value that indicates whether every key was answered.</summary>
    public bool IsComplete => Failed.Count == 0;
}
