using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Embedded;

namespace NearCache.Tests.Creating;

/// <summary>A remote of two servers in this process, one of which can be away: that of the keys that end with an odd digit.</summary>
internal sealed class TwoServerRemote(TimeProvider time) : IRemote
{
    private readonly Half _odd = new("odd", new EmbeddedServer(time));

    public bool IsOddAway
    {
        get => _odd.IsAway;
        set => _odd.IsAway = value;
    }

    public IReadOnlyList<IRemoteServer> Servers => field ??= [new Half("even", new EmbeddedServer(time)), _odd];

    public bool IsEmbedded => true;

    public int IndexOf(ReadOnlySpan<byte> key) => key[^1] & 1;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private sealed class Half(string name, EmbeddedServer server) : IRemoteServer
    {
        public bool IsAway { get; set; }

        public string Name => name;

        public ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
            IsAway ? ValueTask.FromException<MetaResponse>(Away()) : server.ExecuteAsync(command, cancellationToken);

        public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group) =>
            IsAway ? Task.FromException<RemoteReply>(Away()) : server.ExecuteAsync(group);

        private MemcachedServerDownException Away() => new(name, "any", null);
    }
}
