using NearCache.Memcached;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote;

/// <summary>One server of the remote tier, speaking memcached's meta commands as values.</summary>
internal interface IRemoteServer
{
    /// <summary>Its identity, as configured: never an index.</summary>
    string Name { get; }

    /// <summary>
    /// Whether items have CAS numbers and marks. False: a set is never conditional, and adding looks first and then sets.
    /// </summary>
    bool Compares => true;

    /// <summary>Sends one command.</summary>
    /// <exception cref="MemcachedException">It failed, or nobody knows.</exception>
    ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Reads an item with its value, flags, CAS and time to live at once, where the server is in this process. False: it is not, and
    /// nothing was done.
    /// </summary>
    bool TryGet(ReadOnlySpan<byte> key, out MetaResponse response)
    {
        response = default;
        return false;
    }

    /// <summary>
    /// Sends commands that are executed in their order: on one connection, in one write. Cannot be cancelled; whoever wants to give up
    /// stops waiting for the task.
    /// </summary>
    /// <exception cref="MemcachedException">The group failed as a whole, or nobody knows.</exception>
    Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group);

    /// <summary>Sends commands on this connection and on no other.</summary>
    /// <exception cref="MemcachedException">
    /// As above. <see cref="MemcachedConnectionLostException"/> with a known outcome: the connection was replaced before, and nothing was
    /// sent.
    /// </exception>
    Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId) => ExecuteAsync(group);

    /// <summary>The connection that takes a command with this key now; 0 where there are none to tell apart.</summary>
    /// <exception cref="MemcachedException">There is none.</exception>
    long ConnectionIdFor(ReadOnlySpan<byte> key) => 0;
}

/// <summary>The responses to a group, one for each command in its order, and the connection that carried them.</summary>
internal readonly record struct RemoteReply(IReadOnlyList<MetaResponse> Responses, long ConnectionId);
