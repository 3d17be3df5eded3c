using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NearCache.TestSupport.Servers;

/// <summary>
/// Ports for servers that are killed and come back: below those which the system takes for outgoing connections, and each given out once a
/// process.
/// </summary>
/// <remarks>
/// Otherwise another connection, or the server of another test, can hold the port of a server that is down for a moment. tests/run.sh runs
/// suites in two lanes, and each lane has a half of the ports: the setting NEARCACHE_LANE is 1 or 2, and reaches the processes of tests.
/// </remarks>
public static class Ports
{
    private const int Middle = 23500;
    private static readonly bool IsFirstLane = Environment.GetEnvironmentVariable("NEARCACHE_LANE") == "1";

    private static readonly int First = IsFirstLane ? 15000 : Middle;
    private static readonly int End = IsFirstLane ? Middle : 32000;
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>Returns a TCP port that nothing listens on now, and that was not returned before in this process.</summary>
    public static int Free()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = Random.Shared.Next(First, End);
            if (!Given.TryAdd(port, true))
            {
                continue;
            }

            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Any, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: try another.
            }
        }

        throw new InvalidOperationException($"No free port among 1,000 tries between {First} and {End}.");
    }

    /// <summary>Listens on a port of the loopback interface; on a free one when it is 0.</summary>
    /// <param name="port">The port.</param>
    /// <param name="address">The address. Default: 127.0.0.1.</param>
    internal static Socket Listen(int port, IPAddress? address = null)
    {
        for (var attempt = 1; ; attempt++)
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            try
            {
                listener.Bind(new IPEndPoint(address ?? IPAddress.Loopback, port > 0 ? port : Free()));
                listener.Listen(512);
                return listener;
            }
            catch (SocketException) when (port == 0 && attempt < 10)
            {
                // Another process was quicker.
                listener.Dispose();
            }
        }
    }
}
