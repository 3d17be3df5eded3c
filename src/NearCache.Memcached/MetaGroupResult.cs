using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>The answers to a group of commands.</summary>
public sealed class MetaGroupResult
{
    internal MetaGroupResult(MetaResponse[] responses, long connectionId) => (Array, ConnectionId) = (responses, connectionId);

    /// <summary>One response a command, in the order of the commands.</summary>
    public IReadOnlyList<MetaResponse> Responses => Array;

    /// <summary>The connection that carried the group; see <see cref="MemcachedConnectionInfo.Id"/>.</summary>
    public long ConnectionId { get; }

    internal MetaResponse[] Array { get; }
}
