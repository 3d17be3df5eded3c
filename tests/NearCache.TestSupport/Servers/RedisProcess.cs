using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NearCache.TestSupport.Servers;

/// <summary>The distribution's redis-server on a free port, without persistence.</summary>
public sealed class RedisProcess : ServerProcess
{
    private RedisProcess(int port)
        : base(port)
    {
    }

    /// <summary>Starts one. Skips the test where there is no redis-server.</summary>
    public static async Task<RedisProcess> StartNewAsync()
    {
        if (!Require.IsInstalled("redis-server"))
        {
            Require.Skip("redis", "redis-server is not installed");
        }

        var server = new RedisProcess(Ports.Free());
        await server.StartAsync();
        return server;
    }

    protected override ProcessStartInfo Command()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        return new ProcessStartInfo(
            "redis-server", ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", Folder]);
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
        await socket.SendAsync("PING\r\n"u8.ToArray(), cancellationToken);
        var reply = new byte[16];
        var length = await socket.ReceiveAsync(reply, cancellationToken);
        return reply.AsSpan(0, length).StartsWith("+PONG"u8);
    }
}
