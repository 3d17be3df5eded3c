using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;

namespace NearCache.Observing;

/// <summary>A memcached server of an observer: every command passes its budget, and a read-only observer sends no change.</summary>
/// <param name="server">The server of the client.</param>
/// <param name="remote">The same server, as the rest of the library uses it.</param>
/// <param name="budget">The budget of the server; null for requests that wait for none.</param>
/// <param name="isReadOnly">Whether changes are refused.</param>
internal sealed class ObservedServer(MemcachedServer server, IRemoteServer remote, RequestBudget? budget, bool isReadOnly) : IRemoteServer
{
    public string Name => remote.Name;

    /// <summary>Gets the same server for requests that wait for no budget: those of a stop.</summary>
    public ObservedServer Urgent => new(server, remote, budget: null, isReadOnly);

    /// <summary>Gets the state of the server.</summary>
    public MemcachedServerState State => server.State;

    /// <summary>Reads a group of statistics; null for the general ones.</summary>
    public async Task<IReadOnlyDictionary<string, string>> GetStatisticsAsync(string? group, CancellationToken cancellationToken)
    {
        await PayAsync(cancellationToken).ConfigureAwait(false);
        return await server.GetStatisticsAsync(group, cancellationToken).ConfigureAwait(false);
    }

    public async Task<ServerConnections?> ListConnectionsAsync()
    {
        await PayAsync(CancellationToken.None).ConfigureAwait(false);
        return await remote.ListConnectionsAsync().ConfigureAwait(false);
    }

    public async ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken)
    {
        Check(command);
        await PayAsync(cancellationToken).ConfigureAwait(false);
        return await remote.ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
    }

    public async Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group)
    {
        Check(group);
        await PayAsync(CancellationToken.None).ConfigureAwait(false);
        return await remote.ExecuteAsync(group).ConfigureAwait(false);
    }

    public async Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId)
    {
        Check(group);
        await PayAsync(CancellationToken.None).ConfigureAwait(false);
        return await remote.ExecuteAsync(group, connectionId).ConfigureAwait(false);
    }

    public async Task<RemoteReply> ReadAsync(ReadOnlyMemory<MetaCommand> group, int maxValueBytes)
    {
        Check(group);
        await PayAsync(CancellationToken.None).ConfigureAwait(false);
        return await remote.ReadAsync(group, maxValueBytes).ConfigureAwait(false);
    }

    public long ConnectionIdFor(ReadOnlySpan<byte> key) => remote.ConnectionIdFor(key);

    private ValueTask PayAsync(CancellationToken cancellationToken) => budget?.TakeAsync(cancellationToken) ?? default;

    private void Check(ReadOnlyMemory<MetaCommand> group)
    {
        foreach (ref readonly var command in group.Span)
        {
            Check(command);
        }
    }

    // A get that creates, touches or claims an item changes it.
    private void Check(in MetaCommand command)
    {
        if (isReadOnly
            && command is not { Kind: MetaCommandKind.NoOp }
            && command is not { Kind: MetaCommandKind.Get, TimeToLive: null, Vivify: null, Recache: null })
        {
            throw new InvalidOperationException($"A change of {Name} ({command.Kind}) by a client that is read-only.");
        }
    }
}
