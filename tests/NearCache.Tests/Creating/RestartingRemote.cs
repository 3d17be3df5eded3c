using System.Collections.Concurrent;
using System.Text;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Embedded;

namespace NearCache.Tests.Creating;

/// <summary>
/// A server that several caches share and that can restart: its items are gone then, its CAS ids begin again at 1, and each cache has a new
/// connection.
/// </summary>
internal sealed class RestartingRemote(TimeProvider time) : IRemote, IRemoteServer
{
    private readonly ConcurrentQueue<(long Connection, string Command)> _log = [];
    private EmbeddedServer _server = new(time);
    private long _connection = 1;

    public IReadOnlyList<IRemoteServer> Servers => [this];

    public bool IsEmbedded => true;

    public string Name => "restarting";

    /// <summary>Every command so far: its kind, its key and whether it compares a CAS, behind the connection that carried it.</summary>
    public IReadOnlyList<(long Connection, string Command)> Log => [.. _log];

    /// <summary>Called when the answers to a group are on their way.</summary>
    public Action<string>? Answered { get; set; }

    public void Restart()
    {
        _server = new EmbeddedServer(time);
        Reconnect();
    }

    /// <summary>The CAS of an item.</summary>
    public async Task<ulong> CasOfAsync(string key) =>
        (await _server.ExecuteAsync(MetaCommand.Get(Encoding.UTF8.GetBytes(key), MetaFields.Cas), CancellationToken.None)).Cas;

    /// <summary>Another client stores a text until its item has this CAS.</summary>
    public async Task PutAsync(string key, string text, ulong cas)
    {
        var command = MetaCommand.Set(
            Encoding.UTF8.GetBytes(key),
            Encoding.UTF8.GetBytes(text),
            timeToLive: 0) with
        { ClientFlags = 0x4E430101, Return = MetaFields.Cas };
        MetaResponse stored;
        do
        {
            stored = await _server.ExecuteAsync(command, CancellationToken.None);
        }
        while (stored.Cas < cas);
        Assert.Equal(cas, stored.Cas);
    }

    public void Reconnect() => Interlocked.Increment(ref _connection);

    public long ConnectionIdFor(ReadOnlySpan<byte> key) => _connection;

    public int IndexOf(ReadOnlySpan<byte> key) => 0;

    public async ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
        (await ExecuteAsync(new[] { command })).Responses[0];

    public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group) => ExecuteAsync(group, _connection);

    public async Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId)
    {
        if (connectionId != _connection)
        {
            throw new MemcachedConnectionLostException(Name, "group", outcomeUnknown: false, "it was replaced", null);
        }

        var text = string.Join(
            ' ',
            group.ToArray().Select(
                command => $"{command.Kind}:{Encoding.UTF8.GetString(command.Key.Span)}{(command.CompareCas is null ? "" : ":C")}"));
        _log.Enqueue((connectionId, text));
        var reply = (await _server.ExecuteAsync(group)) with { ConnectionId = connectionId };
        Answered?.Invoke(text);
        return reply;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
