using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Embedded;

namespace NearCache.Tests.Sequences;

/// <summary>The connection of one process to a shared server. It can delay a command before its execution, or its reply.</summary>
internal sealed class SharedRemote(EmbeddedServer server) : IRemote, IRemoteServer
{
    private CommandBreakpoint? _before;
    private CommandBreakpoint? _after;

    public IReadOnlyList<IRemoteServer> Servers => [this];

    public bool IsEmbedded => false;

    public string Name => "shared";

    public int IndexOf(ReadOnlySpan<byte> key) => 0;

    /// <summary>Gets or sets whether this process cannot reach the server.</summary>
    public bool IsAway { get; set; }

    /// <summary>Delays the next command of this kind on this key before its execution.</summary>
    public CommandBreakpoint BreakBefore(MetaCommandKind kind, string key) => _before = new CommandBreakpoint(kind, key);

    /// <summary>Delays the reply to the next command of this kind on this key.</summary>
    public CommandBreakpoint BreakAfter(MetaCommandKind kind, string key) => _after = new CommandBreakpoint(kind, key);

    public async ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken)
    {
        var reply = await ExecuteAsync(new[] { command });
        return reply.Responses[0];
    }

    public async Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group)
    {
        await CommandBreakpoint.WaitAsync(ref _before, group);
        if (IsAway)
        {
            throw new MemcachedServerDownException(Name, "any", null);
        }

        var reply = await server.ExecuteAsync(group);
        await CommandBreakpoint.WaitAsync(ref _after, group);
        return reply;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
