using NearCache.Memcached;
using NearCache.Remote;

namespace NearCache.Paths;

/// <summary>What rises from the memcached client, as callers of NearCache see it.</summary>
internal static class Failure
{
    public static NearCacheException Of(MemcachedException exception, string operation, string key) =>
        new($"{operation} failed: {exception.Message}", exception is OtherRemoteException ? exception.InnerException : exception)
        {
            IsTransient = exception.IsTransient,
            OutcomeUnknown = exception.OutcomeUnknown,
            Key = key,
        };
}
