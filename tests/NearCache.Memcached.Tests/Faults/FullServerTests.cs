using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests.Faults;

public sealed class FullServerTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_server_at_its_connection_limit_says_so_and_is_found_when_it_has_room()
    {
        await using var server = await MemcachedProcess.StartNewAsync("-c", "20");
        var others = new List<Socket>();
        for (var i = 0; i < 40; i++)
        {
            var other = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await other.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port));
            others.Add(other);
        }

        // Each is served, or told that there is no room and closed: then their number is what it will be.
        foreach (var other in others)
        {
            await AnsweredOrClosedAsync(other);
        }

        var before = TcpTable.EstablishedTo(server.Port);
        await using var client = new MemcachedClient(FaultLoad.Options(server.Address));
        await using var load = new FaultLoad(client, server.Port);
        await TestSupport.Eventually.BecomesTrueAsync(() => load.Failed > 200, "calls fail");
        await Task.Delay(TimeSpan.FromSeconds(5), TimeProvider.System);
        Assert.Equal(0, load.Answered);
        var during = load.MaxConnections - before;

        others.ForEach(other => other.Dispose());
        var recovery = await load.AnswersAgainAsync();

        output.WriteLine(load.Row($"-c 20, full for 5 s (of the others {before})", recovery));
        Assert.InRange(during, 0, 1);
        Assert.True(load.Errors.ContainsKey("ServerFull"));
        Assert.InRange(load.SlowestOfOurs, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    private static async Task AnsweredOrClosedAsync(Socket other)
    {
        var answer = new byte[256];
        try
        {
            await other.SendAsync("version\r\n"u8.ToArray());
            while (await other.ReceiveAsync(answer) is > 0 and var count)
            {
                if (answer.AsSpan(0, count).StartsWith("VERSION"u8))
                {
                    return;
                }
            }
        }
        catch (SocketException)
        {
            // Closed.
        }
    }
}
