using NearCache.Memcached;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote;

/// <summary>
/// An <c>IDistributedCache</c> threw. To the paths it is a failure of the remote as any other; callers see what it threw.
/// </summary>
internal sealed class OtherRemoteException(MetaCommandKind kind, Exception cause)
    : MemcachedException(
        $"the IDistributedCache threw {cause.GetType().Name}: {cause.Message}",
        OtherRemote.Name,
        kind.ToString(),
        isTransient: true,
        outcomeUnknown: kind != MetaCommandKind.Get,
        cause);
