using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Embedded;

namespace NearCache.Tests.Sequences;

/// <summary>
/// One process's way to a server that several share: it can hold a command back before it is executed, or its answer after.
/// </summary>
internal sealed class SharedRemote(EmbeddedServer server) : IRemote, IRemoteServer
{
    private Hold? _before;
    private Hold? _after;

    public IReadOnlyList<IRemoteServer> Servers => [this];

    public bool IsEmbedded => false;

    public string Name => "shared";

    public int IndexOf(ReadOnlySpan<byte> key) => 0;

    /// <summary>Whether the server is out of this process's reach.</summary>
    public bool IsAway { get; set; }

    /// <summary>The next command of this kind on this key waits before it is executed.</summary>
    public Hold HoldBefore(MetaCommandKind kind, string key) => _before = new Hold(kind, key);

    /// <summary>The next command of this kind on this key is executed, and its answer waits.</summary>
    public Hold HoldAfter(MetaCommandKind kind, string key) => _after = new Hold(kind, key);

    public async ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken)
    {
        var reply = await ExecuteAsync(new[] { command });
        return reply.Responses[0];
    }

    public async Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group)
    {
        await Hold.WaitAsync(ref _before, group);
        if (IsAway)
        {
            throw new MemcachedServerDownException(Name, "any", null);
        }

        var reply = await server.ExecuteAsync(group);
        await Hold.WaitAsync(ref _after, group);
        return reply;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
