using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NearCache.IntegrationTests.Rules;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>
/// Owners of connections where a proxy translates addresses, as source NAT of a node does. Without the rights that
/// <see cref="OwnersAcrossNamespacesTests"/> needs, four of the processes share one address.
/// </summary>
public sealed class OwnersBehindProxyTests
{
    private const string Node = "127.0.0.20";
    private const string Other = "127.0.0.30";

    [Fact]
    public async Task Every_connection_of_six_processes_is_attributed_and_foreign_and_leaked_ones_are_found()
    {
        await using var memcached = await MemcachedProcess.StartNewAsync();
        await using var keeping = Translating(memcached.Port, "127.0.0.5", keepsPorts: true);
        await using var changing = Translating(memcached.Port, "127.0.0.6", keepsPorts: false);
        var server = string.Create(CultureInfo.InvariantCulture, $"cache-1:{memcached.Port}");
        var foreign = new List<Socket>();
        var pods = new List<CacheProcess>();
        try
        {
            // The proxy keeps the port of the fifth, and changes that of the sixth, which is told the address of its node.
            foreach (var (pod, at) in new[] { ("p1", 1), ("p2", 1), ("p3", 1), ("p4", 1), ("p5", 5), ("p6", 6) })
            {
                pods.Add(await CacheProcess.StartAtAsync(
                    server, string.Create(CultureInfo.InvariantCulture, $"127.0.0.{at}"), pod, nodeAddress: pod == "p6" ? Node : null));
            }

            for (var i = 0; i < 50; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                foreign.Add(socket);
                socket.Bind(new IPEndPoint(IPAddress.Parse(Other), 0));
                await socket.ConnectAsync(IPAddress.Loopback, memcached.Port);
            }

            await OwnersOfSix.AreFoundAsync(
                pods, leaking: 4, $"127.0.0.1 Address p1+p2+p3+p4 4/4; {Node} Node p5+p6 3/2; {Other} Foreign  50/0");
        }
        finally
        {
            foreign.ForEach(socket => socket.Dispose());
            foreach (var pod in pods)
            {
                await pod.DisposeAsync();
            }
        }
    }

    private static FaultProxy Translating(int port, string at, bool keepsPorts) =>
        FaultProxy.StartTranslating(port, IPAddress.Parse(at), IPAddress.Parse(Node), keepsPorts);
}
