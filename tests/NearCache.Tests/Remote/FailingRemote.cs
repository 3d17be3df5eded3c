using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Embedded;

namespace NearCache.Tests.Remote;

/// <summary>A remote in this process that can be taken away.</summary>
internal sealed class FailingRemote(TimeProvider time) : IRemote, IRemoteServer
{
    private readonly EmbeddedServer _server = new(time);

    public bool IsDown { get; set; }

    public IReadOnlyList<IRemoteServer> Servers => [this];

    public bool IsEmbedded => true;

    public string Name => "failing";

    public int IndexOf(ReadOnlySpan<byte> key) => 0;

    public async ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
        (await ExecuteAsync(new[] { command })).Responses[0];

    public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group) =>
        IsDown ? throw new MemcachedServerErrorException(Name, "any", "it is down") : _server.ExecuteAsync(group);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
