using System.Globalization;
using System.Net;
using System.Net.Sockets;
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

    public IReadOnlyList<long> ConnectionIds =>
        server.Pool.Connections.Count == 1 ? [] : [.. server.Connections.Select(connection => connection.Id)];

    public bool HasName => !server.Pool.Probe.IsAddress;

    public async Task<int> CountAddressesAsync(CancellationToken cancellationToken) =>
        (await ResolveAsync(cancellationToken).ConfigureAwait(false)).Count;

    public async Task<IReadOnlyList<ProbeReply>> ProbeAsync(ReadOnlyMemory<MetaCommand> group, CancellationToken cancellationToken)
    {
        List<ProbeReply> replies = [];
        foreach (var address in await ResolveAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                var result = await server.Pool.Probe.ExecuteAsync(address, group, cancellationToken).ConfigureAwait(false);
                replies.Add(new ProbeReply(address?.ToString() ?? Name, new RemoteReply(result.Responses, result.ConnectionId)));
            }
            catch (MemcachedException)
            {
                // An address at which nothing answers is no server.
            }
        }

        return replies;
    }

    public async Task<ServerConnections?> ListConnectionsAsync()
    {
        try
        {
            if (await server.GetServerConnectionsAsync().ConfigureAwait(false) is { Count: > 0 } listed)
            {
                return new ServerConnections(listed, listed.Count(connection => !connection.IsListening));
            }
        }
        catch (MemcachedServerErrorException)
        {
            // The server does not know the statistic.
        }

        var statistics = await server.GetStatisticsAsync().ConfigureAwait(false);
        return int.TryParse(
            statistics.GetValueOrDefault("curr_connections"), NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? new ServerConnections(null, count)
            : null;
    }

    public Task<RemoteReply> ReadAsync(ReadOnlyMemory<MetaCommand> group, int maxValueBytes) =>
        ReplyOf(server.ReadAsync(group, maxValueBytes));

    public long ConnectionIdFor(ReadOnlySpan<byte> key) => server.ConnectionIdFor(key);

    private async Task<IReadOnlyList<IPAddress?>> ResolveAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await server.Pool.Probe.ResolveAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or TimeoutException)
        {
            return [];
        }
    }

    private static async Task<RemoteReply> ReplyOf(Task<MetaGroupResult> group)
    {
        var result = await group.ConfigureAwait(false);
        return new RemoteReply(result.Responses, result.ConnectionId);
    }
}
