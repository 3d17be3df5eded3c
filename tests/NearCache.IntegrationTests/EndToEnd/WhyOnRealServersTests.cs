using System.Net;
using System.Net.Sockets;
using NearCache.Memcached;
using NearCache.Ownership;
using NearCache.Remote.Memcached;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>Diagnosis of a key, and owners of connections, on the distribution's memcached.</summary>
public sealed class WhyOnRealServersTests
{
    private const string Key = "product:1";

    [Fact]
    public async Task The_writer_is_named_and_the_item_stays_as_it_was()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var here = Cache(memcached.Address);
        await using var there = Cache(memcached.Address);
        await Eventually.BecomesTrueAsync(async () => (await here.WhyAsync(Key)).Rule is not null, "the rules are read");
        await there.SetAsync(Key, "red");
        await Eventually.BecomesTrueAsync(
            async () => (await here.WhyAsync(Key)).Writes is [{ HeardBy: WriteHeardBy.LogRecord }], "the record is read");

        var why = await here.WhyAsync(Key);

        var write = Assert.Single(why.Writes);
        Assert.Equal((there.Parts.Writer.ToString(), false), (write.Writer.ShortId, write.Writer.IsThisProcess));
        Assert.InRange(write.Age, TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.True(why.Item is { Exists: true, WasRead: false, Content: "text", Size: 3, Cas: > 0 });
        Assert.Equal("covers the key by its prefix", why.RuleReason);
        Assert.True((await there.WhyAsync(Key)).Writes is [{ Writer.IsThisProcess: true, HeardBy: WriteHeardBy.Own }]);

        await here.GetAsync<string>(Key);
        Assert.True((await here.WhyAsync(Key)).Item!.WasRead);
    }

    [Fact]
    public async Task Connections_of_caches_a_foreign_program_and_a_leaked_client_are_told_apart()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        var caches = Enumerable.Range(0, 4).Select(_ => Cache(memcached.Address)).ToArray();
        var foreign = new List<Socket>();
        await using var leaked = new MemcachedClient(new MemcachedOptions { Servers = [memcached.Address] });
        try
        {
            await Eventually.BecomesTrueAsync(
                () => caches.All(cache => cache.Connections is [{ State: CacheConnectionState.Open }]), "all caches are connected");
            for (var i = 0; i < 50; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                foreign.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.9"), 0));
                await socket.ConnectAsync(IPAddress.Loopback, memcached.Port);
            }

            // The client in no report asks the server, so that its connection is the leaked one.
            var server = new MemcachedRemoteServer(leaked.Servers[0]);
            var owners = new ConnectionOwners(() => [server], new Reports(caches), TimeProvider.System);
            var result = Assert.Single(await owners.ReadAsync(CancellationToken.None));

            Assert.Equal((4, 55, 51, 50), (result.Expected, result.Seen, result.Unaccounted, result.Foreign));
            Assert.Equal(
                ["0", "1", "2", "3"], result.Connections.Select(connection => connection.ReportedBy).OfType<string>().Order());
            Assert.True(result.Owners[0] is { Kind: ConnectionOwnerKind.Foreign, Address: "127.0.0.9", Seen: 50 });
            Assert.True(result.Owners[1] is { Kind: ConnectionOwnerKind.Address, Address: "127.0.0.1", Seen: 5, Unaccounted: 1 });
        }
        finally
        {
            foreign.ForEach(socket => socket.Dispose());
            foreach (var cache in caches)
            {
                await cache.DisposeAsync();
            }
        }
    }

    private static NearCacheClient Cache(string memcached) => new(new NearCacheOptions
    {
        Memcached = { Servers = [memcached] },
        Rules = { new RuleOptions { Name = "products", Match = "product:*" } },
    });

    private sealed class Reports(NearCacheClient[] caches) : IConnectionReports
    {
        public Task<ConnectionReports> ReadAsync(IReadOnlyList<string> servers, CancellationToken cancellationToken) =>
            Task.FromResult(new ConnectionReports(servers.ToDictionary(
                server => server,
                IReadOnlyList<ReportedProcess> (_) =>
                [
                    .. caches.Select((cache, number) => new ReportedProcess
                    {
                        Owner = new OwningProcess { Id = $"{number}", Host = "here", ProcessId = number },
                        Expected = cache.Connections.Count,
                        Connections =
                        [
                            .. cache.Connections.Select(
                                connection => new IPEndPoint(IPAddress.Parse(connection.LocalAddress!), connection.LocalPort)),
                        ],
                    }),
                ])));
    }
}
