using NearCache.Composition;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Memcached;

namespace NearCache.IntegrationTests.Monitoring;

/// <summary>memcached as the remote tier, whose audits fail on request while all other commands work.</summary>
internal sealed class RemoteWithoutAudits : IRemote
{
    private readonly MemcachedRemote _remote;
    private volatile bool _failsAudits;

    public RemoteWithoutAudits(NearCacheOptions options)
    {
        _remote = new MemcachedRemote(new ClientPools(null, null, TimeProvider.System).Memcached, options.Memcached);
        Servers = [.. _remote.Servers.Select(server => new Server(server, this))];
    }

    public bool FailsAudits
    {
        get => _failsAudits;
        set => _failsAudits = value;
    }

    public IReadOnlyList<IRemoteServer> Servers { get; }

    public bool IsEmbedded => false;

    public string Placement => _remote.Placement;

    public int IndexOf(ReadOnlySpan<byte> key) => _remote.IndexOf(key);

    public ValueTask DisposeAsync() => _remote.DisposeAsync();

    private sealed class Server(IRemoteServer server, RemoteWithoutAudits remote) : IRemoteServer
    {
        public string Name => server.Name;

        public ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
            server.ExecuteAsync(command, cancellationToken);

        // An audit is the only group that reads the rules.
        public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group) =>
            remote.FailsAudits && group.ToArray().Any(command => command.Key.Span.EndsWith(":rules"u8))
                ? Task.FromException<RemoteReply>(
                    new MemcachedServerDownException(server.Name, "mg", new InvalidOperationException("The test lets audits fail.")))
                : server.ExecuteAsync(group);

        public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId) =>
            server.ExecuteAsync(group, connectionId);

        public long ConnectionIdFor(ReadOnlySpan<byte> key) => server.ConnectionIdFor(key);
    }
}
