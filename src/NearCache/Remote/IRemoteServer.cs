using NearCache.Memcached;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote;

/// <summary>A server of the remote tier that executes memcached's meta commands.</summary>
internal interface IRemoteServer
{
    /// <summary>Gets the configured name, which identifies the server.</summary>
    string Name { get; }

    /// <summary>
    /// Gets a value indicating whether items have CAS ids and marks. Without them a set is never conditional, and an add reads before it
    /// sets.
    /// </summary>
    bool Compares => true;

    /// <summary>Executes one command.</summary>
    /// <exception cref="MemcachedException">The command failed, or its outcome is unknown.</exception>
    ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken);

    /// <summary>
    /// Reads an item with its value, flags, CAS and time to live synchronously, if the server is in this process. Otherwise returns false
    /// and does nothing.
    /// </summary>
    bool TryGet(ReadOnlySpan<byte> key, out MetaResponse response)
    {
        response = default;
        return false;
    }

    /// <summary>
    /// Executes commands in order, on one connection and in one write. It cannot be cancelled; a caller can only stop waiting for the task.
    /// </summary>
    /// <exception cref="MemcachedException">The group failed as a whole, or its outcome is unknown.</exception>
    Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group);

    /// <summary>Executes commands on this connection only.</summary>
    /// <exception cref="MemcachedException">
    /// As above. <see cref="MemcachedConnectionLostException"/> with a known outcome means that the connection was replaced before, and
    /// nothing was sent.
    /// </exception>
    Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId) => ExecuteAsync(group);

    /// <summary>Gets the open connections, if commands with different keys take different ones; otherwise none.</summary>
    IReadOnlyList<long> ConnectionIds => [];

    /// <summary>Gets whether the server may have several addresses, so that its keys are not near before they were compared.</summary>
    bool HasName => false;

    /// <summary>Returns the number of addresses of the server; 0 if its name cannot be resolved now.</summary>
    Task<int> CountAddressesAsync(CancellationToken cancellationToken) => Task.FromResult(1);

    /// <summary>Executes reads on a new connection to each address of the server, one after another, and closes it.</summary>
    /// <returns>The replies of the addresses that answered; empty if the server has no connections.</returns>
    Task<IReadOnlyList<ProbeReply>> ProbeAsync(ReadOnlyMemory<MetaCommand> group, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ProbeReply>>([]);

    /// <summary>Lists the connections of all clients of the server. Occupies a thread of the server.</summary>
    /// <returns>The list; null if the server tells nothing of its connections.</returns>
    /// <exception cref="MemcachedException">The server did not answer.</exception>
    Task<ServerConnections?> ListConnectionsAsync() => Task.FromResult<ServerConnections?>(null);

    /// <summary>
    /// Executes commands in order, as <see cref="ExecuteAsync(ReadOnlyMemory{MetaCommand})"/> does, and drops every value above a size, so
    /// that memory is bounded whatever the server holds.
    /// </summary>
    /// <exception cref="MemcachedException">As above.</exception>
    async Task<RemoteReply> ReadAsync(ReadOnlyMemory<MetaCommand> group, int maxValueBytes)
    {
        var reply = await ExecuteAsync(group).ConfigureAwait(false);
        return reply with
        {
            Responses = [.. reply.Responses.Select(
                response => response.Value.Length > maxValueBytes ? response with { Value = default } : response)],
        };
    }

    /// <summary>Returns the connection that a command with this key takes now; 0 if there is no distinction.</summary>
    /// <exception cref="MemcachedException">There is no connection.</exception>
    long ConnectionIdFor(ReadOnlySpan<byte> key) => 0;
}

/// <summary>The reply of one address of a server on a short-lived connection.</summary>
internal readonly record struct ProbeReply(string Address, RemoteReply Reply);

/// <summary>The responses to a group, one per command in order, and the connection that carried them.</summary>
internal readonly record struct RemoteReply(IReadOnlyList<MetaResponse> Responses, long ConnectionId);

/// <summary>The connections of all clients of a server.</summary>
/// <param name="Listed">The connections; null if the server tells only how many they are.</param>
/// <param name="Count">The number of connections.</param>
internal sealed record ServerConnections(IReadOnlyList<MemcachedServerConnection>? Listed, int Count);
