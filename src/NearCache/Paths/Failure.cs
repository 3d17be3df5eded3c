using NearCache.Memcached;

namespace NearCache.Paths;

/// <summary>What rises from the memcached client, as callers of NearCache see it.</summary>
internal static class Failure
{
    public static NearCacheException Of(MemcachedException exception, string operation, string key) =>
        new($"{operation} failed: {exception.Message}", exception)
        {
            IsTransient = exception.IsTransient,
            OutcomeUnknown = exception.OutcomeUnknown,
            Key = key,
        };
}
