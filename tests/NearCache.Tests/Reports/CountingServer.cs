using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Embedded;

namespace NearCache.Tests.Reports;

/// <summary>A server in memory that counts what it is sent, and can be restarted or cut off.</summary>
internal sealed class CountingServer(string name, TimeProvider time) : IRemoteServer
{
    private EmbeddedServer _server = new(time);
    private long _connection = 1;

    public string Name => name;

    /// <summary>Gets the number of commands since the last <see cref="Reset"/>.</summary>
    public long Commands { get; private set; }

    /// <summary>Gets the number of round trips since the last <see cref="Reset"/>.</summary>
    public long RoundTrips { get; private set; }

    /// <summary>Gets the bytes of keys and values sent since the last <see cref="Reset"/>.</summary>
    public long Bytes { get; private set; }

    /// <summary>Gets or sets a value indicating whether the server does not reply.</summary>
    public bool IsAway { get; set; }

    public void Reset() => (Commands, RoundTrips, Bytes) = (0, 0, 0);

    /// <summary>Loses all items, closes the connections, and numbers CAS values from 1 again.</summary>
    public void Restart() => (_server, _connection) = (new EmbeddedServer(time), _connection + 1);

    /// <summary>Executes a command without counting it.</summary>
    public MetaResponse Execute(MetaCommand command)
    {
        var reply = _server.ExecuteAsync(new[] { command });
        Assert.True(reply.IsCompletedSuccessfully);
        return reply.Result.Responses[0];
    }

    public async ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
        (await ExecuteAsync(new[] { command })).Responses[0];

    public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group)
    {
        if (IsAway)
        {
            throw new MemcachedServerDownException(Name, "any", null);
        }

        RoundTrips++;
        Commands += group.Length;
        foreach (var command in group.Span)
        {
            Bytes += command.Key.Length + command.Value.Length;
        }

        var reply = _server.ExecuteAsync(group);
        Assert.True(reply.IsCompletedSuccessfully);
        return Task.FromResult(reply.Result with { ConnectionId = _connection });
    }

    public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId) => connectionId == _connection
        ? ExecuteAsync(group)
        : throw new MemcachedConnectionLostException(Name, "group", outcomeUnknown: false, "replaced", null);

    public long ConnectionIdFor(ReadOnlySpan<byte> key) =>
        IsAway ? throw new MemcachedServerDownException(Name, "any", null) : _connection;
}
