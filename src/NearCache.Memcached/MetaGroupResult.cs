using NearCache.Memcached.Protocol;

namespace NearCache.Memcached;

/// <summary>The responses to a group of commands.</summary>
public sealed class MetaGroupResult
{
    internal MetaGroupResult(MetaResponse[] responses, long connectionId) => (Array, ConnectionId) = (responses, connectionId);

    /// <summary>Gets one response per command, in the order of the commands.</summary>
    public IReadOnlyList<MetaResponse> Responses => Array;

    /// <summary>Gets the id of the connection that carried the group; see <see cref="MemcachedConnectionInfo.Id"/>.</summary>
    public long ConnectionId { get; }

    internal MetaResponse[] Array { get; }
}
