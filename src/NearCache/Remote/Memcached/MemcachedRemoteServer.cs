using NearCache.Memcached;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote.Memcached;

/// <summary>A memcached server of the remote tier.</summary>
internal sealed class MemcachedRemoteServer(MemcachedServer server) : IRemoteServer
{
    /// <summary>Returns whether this object represents the given server of the client.</summary>
    public bool IsFor(MemcachedServer other) => ReferenceEquals(server, other);

    public string Name => server.Name;

    public ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
        server.ExecuteAsync(command, cancellationToken);

    public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group) => ReplyOf(server.ExecuteAsync(group));

    public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId) =>
        ReplyOf(server.ExecuteAsync(group, connectionId));

    public long ConnectionIdFor(ReadOnlySpan<byte> key) => server.ConnectionIdFor(key);

    private static async Task<RemoteReply> ReplyOf(Task<MetaGroupResult> group)
    {
        var result = await group.ConfigureAwait(false);
        return new RemoteReply(result.Responses, result.ConnectionId);
    }
}
