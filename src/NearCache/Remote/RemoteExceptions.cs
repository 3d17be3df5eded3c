using NearCache.Memcached;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote;

/// <summary>Converts exceptions of the remote tier to those of NearCache.</summary>
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
/// The exception of a failed <c>IDistributedCache</c>. The paths treat it like any failure of the remote tier; callers see the inner
/// exception.
/// </summary>
internal sealed class DistributedCacheRemoteException(string server, MetaCommandKind kind, Exception cause)
    : MemcachedException(
        $"the IDistributedCache threw {cause.GetType().Name}: {cause.Message}",
        server,
        kind.ToString(),
        isTransient: true,
        outcomeUnknown: kind != MetaCommandKind.Get,
        cause);
