using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NearCache.TestSupport.Servers;

/// <summary>The distribution's memcached on a free port.</summary>
public sealed class MemcachedProcess : ServerProcess
{
    private readonly string[] _arguments;

    private MemcachedProcess(int port, string[] arguments)
        : base(port) => _arguments = arguments;

    /// <summary>Starts one with 64 MB, two threads, and what <paramref name="arguments"/> add.</summary>
    public static async Task<MemcachedProcess> StartNewAsync(params string[] arguments)
    {
        Needed.Program("memcached");
        var server = new MemcachedProcess(Ports.Free(), arguments);
        await server.StartAsync();
        return server;
    }

    protected override ProcessStartInfo Command()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        string[] fixedArguments = ["-p", port, "-U", "0", "-l", "127.0.0.1", "-u", "root", "-m", "64", "-t", "2", "-P", Path.Combine(Folder, "pid")];
        return new ProcessStartInfo("memcached", [.. fixedArguments, .. _arguments]);
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
        return true;
    }
}
