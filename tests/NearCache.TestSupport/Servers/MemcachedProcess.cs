using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace NearCache.TestSupport.Servers;

/// <summary>The distribution's memcached on a free port.</summary>
public sealed class MemcachedProcess : ServerProcess
{
    private readonly string[] _arguments;
    private readonly bool _hasPath;

    private MemcachedProcess(int port, string[] arguments, bool hasPath = false)
        : base(port) => (_arguments, _hasPath) = (arguments, hasPath);

    /// <summary>Its Unix domain socket, if it was started on one.</summary>
    public string UnixPath => Path.Combine(Folder, "socket");

    /// <summary>Starts one with 64 MB, two threads, and what <paramref name="arguments"/> add.</summary>
    public static async Task<MemcachedProcess> StartNewAsync(params string[] arguments)
    {
        Require.Program("memcached");
        var server = new MemcachedProcess(Ports.Free(), arguments);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts one that listens on <see cref="UnixPath"/> alone.</summary>
    public static async Task<MemcachedProcess> StartOnUnixSocketAsync()
    {
        Require.Program("memcached");
        var server = new MemcachedProcess(Ports.Free(), [], hasPath: true);
        await server.StartAsync();
        return server;
    }

    protected override ProcessStartInfo Command()
    {
        if (_hasPath)
        {
            return new ProcessStartInfo("memcached", ["-s", UnixPath, "-u", "root", "-t", "2"]);
        }

        var port = Port.ToString(CultureInfo.InvariantCulture);
        string[] fixedArguments =
        [
            "-p", port, "-U", "0", "-l", "127.0.0.1", "-u", "root", "-m", "64", "-t", "2", "-P", Path.Combine(Folder, "pid")
        ];
        return new ProcessStartInfo("memcached", [.. fixedArguments, .. _arguments]);
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        using var socket = _hasPath
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(
            _hasPath ? new UnixDomainSocketEndPoint(UnixPath) : new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
        return true;
    }
}
