using System.Runtime.CompilerServices;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Ownership;
using NearCache.Remote;
using NearCache.TestSupport;

namespace NearCache.Tests.Ownership;

public sealed class ConnectionOwnersTests
{
    private static readonly MemcachedServerConnection One = new()
    {
        Id = 7,
        Address = "tcp:10.0.0.1:1001",
        Client = System.Net.IPEndPoint.Parse("10.0.0.1:1001"),
        ListenAddress = null,
        State = "conn_read",
        IdleTime = default,
    };

    private readonly ManualTime _time = new();
    private readonly Listed _server = new();

    [Fact]
    public async Task A_server_is_asked_only_on_request_and_at_most_once_in_30_seconds()
    {
        var owners = Owners();
        Assert.Equal(0, _server.Asked);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => owners.ReadAsync(CancellationToken.None)));
        Assert.Equal(1, _server.Asked);

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(TimeSpan.FromSeconds(29), Assert.Single(await owners.ReadAsync(CancellationToken.None)).Age);
        Assert.Equal(1, _server.Asked);

        _time.Advance(TimeSpan.FromSeconds(1));
        await owners.ReadAsync(CancellationToken.None);
        Assert.Equal(2, _server.Asked);
    }

    [Fact]
    public async Task A_server_that_fails_is_not_asked_more_often_and_has_a_problem()
    {
        _server.Failure = new MemcachedServerDownException("cache-1", "stats", null);
        var owners = Owners();

        var first = Assert.Single(await owners.ReadAsync(CancellationToken.None));
        await owners.ReadAsync(CancellationToken.None);

        Assert.Equal(1, _server.Asked);
        Assert.Contains("cache-1", first.Problem, StringComparison.Ordinal);
        Assert.StartsWith("cache-1: expected 1 connections; ", first.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lists_and_numbers_are_compared_with_the_reports()
    {
        _server.Connections = new ServerConnections([One], 1);
        Assert.Equal("a", Assert.Single(Assert.Single(await Owners().ReadAsync(CancellationToken.None)).Connections).ReportedBy);

        _server.Connections = new ServerConnections(null, 5);
        Assert.True(Assert.Single(await Owners().ReadAsync(CancellationToken.None)) is { IsListed: false, Seen: 5, Unaccounted: 4 });

        _server.Connections = null;
        Assert.Equal(
            "cache-1: expected 1 connections; the server tells nothing of its connections.",
            Assert.Single(await Owners().ReadAsync(CancellationToken.None)).ToString());
    }

    [Fact]
    public async Task Reports_that_may_be_missing_are_told_with_every_server()
    {
        var owners = new ConnectionOwners(() => [_server], new Reported { Missing = "2 members of the namespace have no report" }, _time);
        Assert.Equal(
            "cache-1: 1 connections, expected 1, unaccounted 0. Reports may be missing: 2 members of the namespace have no report.",
            Assert.Single(await owners.ReadAsync(CancellationToken.None)).ToString());
    }

    // A list may have tens of thousands of connections.
    [Fact]
    public async Task The_list_of_a_server_that_was_removed_is_forgotten()
    {
        IRemoteServer server = _server;
        var owners = new ConnectionOwners(() => [server], new Reported(), _time);
        var list = await ReadNewListAsync(owners);
        server = new Listed { Name = "cache-2" };
        _time.Advance(TimeSpan.FromSeconds(31));
        await owners.ReadAsync(CancellationToken.None);
        _server.Connections = null;
        GC.Collect();
        Assert.False(list.IsAlive);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<WeakReference> ReadNewListAsync(ConnectionOwners owners)
    {
        List<MemcachedServerConnection> list = [One];
        _server.Connections = new ServerConnections(list, 1);
        await owners.ReadAsync(CancellationToken.None);
        return new WeakReference(list);
    }

    private ConnectionOwners Owners() => new(() => [_server], new Reported(), _time);

    private sealed class Listed : IRemoteServer
    {
        private int _asked;

        public int Asked => _asked;

        public string Name { get; init; } = "cache-1";

        public ServerConnections? Connections { get; set; } = new([One], 1);

        public MemcachedException? Failure { get; set; }

        public Task<ServerConnections?> ListConnectionsAsync()
        {
            Interlocked.Increment(ref _asked);
            return Failure is { } failure ? Task.FromException<ServerConnections?>(failure) : Task.FromResult(Connections);
        }

        public ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group) => throw new NotSupportedException();
    }

    private sealed class Reported : IConnectionReports
    {
        public string? Missing { get; init; }

        public Task<ConnectionReports> ReadAsync(IReadOnlyList<string> servers, CancellationToken cancellationToken) =>
            Task.FromResult(new ConnectionReports(
                servers.ToDictionary(
                    server => server,
                    IReadOnlyList<ReportedProcess> (_) =>
                    [
                        new ReportedProcess
                        {
                            Owner = new OwningProcess { Id = "a", Host = "host-a", ProcessId = 7 },
                            Expected = 1,
                            Connections = [System.Net.IPEndPoint.Parse("10.0.0.1:1001")],
                        },
                    ]),
                Missing));
    }
}
