using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;

namespace NearCache.Memcached.Tests.Faults;

public sealed class DroppedSynTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_server_that_swallows_the_syn_costs_the_connect_timeout_once()
    {
        await using var server = await MemcachedProcess.StartNewAsync();
        server.Kill();
        var port = server.Port;
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        listener.Listen(0);
        var fillers = await FillAsync(port);
        await using var client = new MemcachedClient(FaultLoad.Options($"127.0.0.1:{port}"));
        await using var load = new FaultLoad(client, port);
        await TestSupport.Eventually.BecomesTrueAsync(() => load.Failed > 500, "calls fail at once");
        Assert.Equal(0, load.Answered);
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        var established = TcpTable.EstablishedTo(port);

        fillers.ForEach(filler => filler.Dispose());
        listener.Dispose();
        await server.StartAsync();
        var recovery = await load.AnswersAgainAsync();

        output.WriteLine(load.Row("SYN dropped for 4 s (the fillers of the queue counted)", recovery));
        Assert.InRange(established, 0, fillers.Count);
        Assert.InRange(load.Slowest, TimeSpan.FromSeconds(0.9), TimeSpan.MaxValue);
        Assert.InRange(load.SlowestOfOurs, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    private static async Task<List<Socket>> FillAsync(int port)
    {
        // One that is late may be a busy machine's; three in a row are not.
        var fillers = new List<Socket>();
        for (var late = 0; fillers.Count < 64;)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            fillers.Add(filler);
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
            try
            {
                await filler.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), limit.Token);
                late = 0;
            }
            catch (OperationCanceledException) when (++late < 3)
            {
                // Probably full.
            }
            catch (OperationCanceledException)
            {
                return fillers;
            }
        }

        throw new InvalidOperationException("The queue did not fill.");
    }
}
