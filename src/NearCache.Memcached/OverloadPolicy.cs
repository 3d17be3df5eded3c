namespace NearCache.Memcached;

/// <summary>What happens to a call while more is in flight than the options allow.</summary>
public enum OverloadPolicy
{
    /// <summary>It waits for room, at most for the operation timeout.</summary>
    Wait,

    /// <summary>It fails at once with <see cref="MemcachedOverloadException"/>.</summary>
    Fail,
}
