using System.Net;
using System.Net.Sockets;
using System.Text;
using NearCache.TestSupport.Memcached;
using NearCache.TestSupport.Servers;
using Eventually = NearCache.TestSupport.Eventually;

namespace NearCache.Memcached.Tests.Connections;

public sealed class AddressTests
{
    [Theory]
    [InlineData("[::1]:1", "[0:0:0:0:0:0:0:1]:1")]
    [InlineData("[::ffff:127.0.0.1]:1", "127.0.0.1:1")]
    [InlineData("[FE80::1]:1", "[fe80:0::1]:1")]
    [InlineData("cache-1:11211", "Cache-1.")]
    [InlineData("cache-1", "cache-1:11211 weight=3")]
    [InlineData("/run//a/../memcached.sock", "unix:/run/memcached.sock")]
    public void One_server_written_in_two_ways_is_named_twice(string one, string other)
    {
        var options = new MemcachedOptions { Servers = { one, other }, Distribution = MemcachedDistribution.Rendezvous };

        Assert.Contains(
            $"named twice, as '{one}' too", Assert.Single(MemcachedOptionsValidator.Validate(options)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/run/a.sock", "/run/A.sock")]
    [InlineData("[::1]:1", "[::1]:2")]
    [InlineData("cache-1", "cache-2")]
    public void Two_servers_are_two(string one, string other) =>
        Assert.Empty(MemcachedOptionsValidator.Validate(new MemcachedOptions { Servers = { one, other } }));

    [Fact]
    public async Task A_name_is_looked_up_again_for_every_connection()
    {
        await using var old = FakeMemcached.Start();
        using var moved = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        moved.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.2"), old.Port));
        moved.Listen();
        _ = AnswerAsync(moved);
        var (address, asked) = (IPAddress.Loopback, 0);
        var options = new MemcachedOptions
        {
            Servers = { $"cache.test:{old.Port}" },
            Resolve = (name, _) =>
            {
                Assert.Equal("cache.test", name);
                Interlocked.Increment(ref asked);
                return Task.FromResult<IPAddress[]>([Volatile.Read(ref address)]);
            },
        };
        await using var client = new MemcachedClient(options);
        Assert.Null(await client.GetAsync("k"));
        Assert.Equal(IPAddress.Loopback, RemoteOf(client));

        Volatile.Write(ref address, IPAddress.Parse("127.0.0.2"));
        old.Kill();

        await Eventually.BecomesTrueAsync(
            () => client.Servers[0].Version == "9.9.9" && RemoteOf(client) is not null, "it is connected to the new address");
        Assert.Equal(IPAddress.Parse("127.0.0.2"), RemoteOf(client));
        Assert.True(asked >= 2);
        Assert.Equal($"cache.test:{old.Port}", client.Servers[0].Name);
    }

    [Fact]
    public async Task A_name_that_nobody_knows_is_a_server_that_is_down()
    {
        await using var client = new MemcachedClient(
            new MemcachedOptions
            {
                Servers = { "cache.test:1" },
                Resolve = (_, _) => throw new SocketException((int)SocketError.HostNotFound),
            });

        var e = await Assert.ThrowsAsync<MemcachedServerDownException>(async () => await client.GetAsync("k"));

        Assert.Contains("cache.test:1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Unix_domain_socket_is_a_server()
    {
        await using var server = await MemcachedProcess.StartOnUnixSocketAsync();
        await using var client = new MemcachedClient(new MemcachedOptions { Servers = { server.UnixPath } });

        await client.SetAsync("k", "v"u8.ToArray());

        Assert.Equal("v"u8.ToArray(), await client.GetAsync("k"));
        Assert.Equal(server.UnixPath, client.Servers[0].Name);
    }

    [Fact]
    public async Task An_IPv6_address_is_a_server()
    {
        using var listener = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        }
        catch (SocketException)
        {
            Assert.Skip("There is no IPv6 here.");
        }

        listener.Listen();
        _ = AnswerAsync(listener);
        await using var client = new MemcachedClient(
            new MemcachedOptions { Servers = { $"[::1]:{((IPEndPoint)listener.LocalEndPoint!).Port}" } });

        Assert.Null(await client.GetAsync("k"));
        Assert.Equal(IPAddress.IPv6Loopback, RemoteOf(client));
    }

    private static IPAddress? RemoteOf(MemcachedClient client) =>
        client.Servers[0].Connections is [{ Remote: IPEndPoint endpoint }] ? endpoint.Address : null;

    // A memcached of version 9.9.9 that has nothing.
    private static async Task AnswerAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                using var socket = await listener.AcceptAsync();
                using var reader = new StreamReader(new NetworkStream(socket), Encoding.ASCII);
                while (await reader.ReadLineAsync() is { } line)
                {
                    await socket.SendAsync(
                        Encoding.ASCII.GetBytes(line == "version" ? "VERSION 9.9.9\r\n" : line == "mn" ? "MN\r\n" : "EN\r\n"));
                }
            }
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            // The test has ended.
        }
    }
}
