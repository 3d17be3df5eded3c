using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Remote.Embedded;

namespace NearCache.Tests.Coherence.Identity;

/// <summary>
/// The names of servers as one process sees them. A test moves a name to another server, gives it several addresses, or puts several
/// servers behind it. A move is a new connection, as with real servers.
/// </summary>
internal sealed class NamesRemote(params NamesRemote.Name[] names) : IRemote
{
    public IReadOnlyList<IRemoteServer> Servers => names;

    public bool IsEmbedded => false;

    public Name this[int index] => names[index];

    public int IndexOf(ReadOnlySpan<byte> key) => key.IndexOf((byte)'#') >= 0 && names.Length > 1 ? 1 : 0;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public sealed class Name(string name, EmbeddedServer server) : IRemoteServer
    {
        private static long LastConnection;

        private (EmbeddedServer Server, long Connection) _now = (server, Interlocked.Increment(ref LastConnection));
        private (EmbeddedServer Server, long Connection)? _second;

        string IRemoteServer.Name => name;

        /// <summary>Gets or sets the addresses that a probe sees; none answers no probe.</summary>
        public IReadOnlyList<EmbeddedServer> Addresses { get; set; } = [];

        public bool HasName { get; init; }

        /// <summary>Gets the number of probes.</summary>
        public int Probes { get; private set; }

        /// <summary>Gets or sets whether the process cannot reach the server.</summary>
        public bool IsAway { get; set; }

        /// <summary>Connects the process to another server, or to the same one again.</summary>
        public void MoveTo(EmbeddedServer other) => _now = (other, Interlocked.Increment(ref LastConnection));

        /// <summary>Connects the process a second time, for no key of a test.</summary>
        public void ConnectAgain(EmbeddedServer other) => _second = (other, Interlocked.Increment(ref LastConnection));

        public IReadOnlyList<long> ConnectionIds => _second is { } second ? [_now.Connection, second.Connection] : [];

        public async ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
            (await ExecuteAsync(new[] { command })).Responses[0];

        public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group) => ExecuteAsync(group, _now.Connection);

        public async Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group, long connectionId)
        {
            var (present, connection) = _second is { } second && second.Connection == connectionId ? second : _now;
            if (IsAway)
            {
                throw new MemcachedServerDownException(name, "any", null);
            }

            return connectionId != connection
                ? throw new MemcachedConnectionLostException(name, "group", outcomeUnknown: false, "it was replaced", null)
                : await present.ExecuteAsync(group) with { ConnectionId = connection };
        }

        public long ConnectionIdFor(ReadOnlySpan<byte> key) => _now.Connection;

        public Task<int> CountAddressesAsync(CancellationToken cancellationToken) => Task.FromResult(Addresses.Count);

        public async Task<IReadOnlyList<ProbeReply>> ProbeAsync(ReadOnlyMemory<MetaCommand> group, CancellationToken cancellationToken)
        {
            Probes++;
            List<ProbeReply> replies = [];
            foreach (var address in Addresses)
            {
                var reply = await address.ExecuteAsync(group) with { ConnectionId = Interlocked.Increment(ref LastConnection) };
                replies.Add(new ProbeReply($"10.0.0.{replies.Count + 1}", reply));
            }

            return replies;
        }
    }
}
