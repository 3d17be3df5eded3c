using NearCache.Memcached;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote;

/// <summary>What rises from the memcached client, as callers of NearCache see it.</summary>
internal static class RemoteExceptions
{
    public static NearCacheException Wrap(MemcachedException exception, string operation, string key) =>
        new($"{operation} failed: {exception.Message}", exception is DistributedCacheRemoteException ? exception.InnerException : exception)
        {
            IsTransient = exception.IsTransient,
            OutcomeUnknown = exception.OutcomeUnknown,
            Key = key,
        };
}

/// <summary>
/// An <c>IDistributedCache</c> threw. To the paths it is a failure of the remote as any other; callers see what it threw.
/// </summary>
internal sealed class DistributedCacheRemoteException(string server, MetaCommandKind kind, Exception cause)
    : MemcachedException(
        $"the IDistributedCache threw {cause.GetType().Name}: {cause.Message}",
        server,
        kind.ToString(),
        isTransient: true,
        outcomeUnknown: kind != MetaCommandKind.Get,
        cause);
