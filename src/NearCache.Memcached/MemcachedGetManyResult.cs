namespace NearCache.Memcached;

/// <summary>What was asked for by many keys: the values that could be had, and the failures of the others.</summary>
public sealed class MemcachedGetManyResult
{
    internal MemcachedGetManyResult(IReadOnlyDictionary<string, byte[]> found, IReadOnlyDictionary<string, MemcachedException> failed) =>
        (Found, Failed) = (found, failed);

    /// <summary>Gets the values by key. A key that is neither here nor in <see cref="Failed"/> is absent.</summary>
    public IReadOnlyDictionary<string, byte[]> Found { get; }

    /// <summary>Gets the keys that could not be asked for, each with the reason.</summary>
    public IReadOnlyDictionary<string, MemcachedException> Failed { get; }

    /// <summary>Gets a value that indicates whether every key was answered.</summary>
    public bool IsComplete => Failed.Count == 0;
}
