using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;

namespace NearCache.TestSupport;

/// <summary>
/// A TCP balancer on all loopback addresses: in turn over its targets, or by the address that the client dialed, as one that is sticky by
/// source.
/// </summary>
public sealed class TcpBalancer : IAsyncDisposable
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly List<(Socket Client, Socket Server, IPAddress Dialed)> _pairs = [];
    private readonly Dictionary<IPAddress, int> _routes = [];
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private int[] _targets;
    private int _accepted;

    /// <summary>Starts one in front of ports of this machine.</summary>
    public TcpBalancer(params int[] targets)
    {
        _targets = targets;
        Port = Ports.Free();
        _listener.Bind(new IPEndPoint(IPAddress.Any, Port));
        _listener.Listen(512);
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>"127.0.0.1:port".</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Connections that stand.</summary>
    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _pairs.Count;
            }
        }
    }

    /// <summary>Leads a dialed address to one target, and cuts its connections.</summary>
    public void Route(IPAddress dialed, int target)
    {
        lock (_lock)
        {
            _routes[dialed] = target;
            foreach (var (client, server, _) in _pairs.Where(pair => pair.Dialed.Equals(dialed)).ToArray())
            {
                client.Dispose();
                server.Dispose();
            }
        }
    }

    /// <summary>Leads all connections to other targets, and cuts those that stand.</summary>
    public void LeadTo(params int[] targets)
    {
        lock (_lock)
        {
            _targets = targets;
            foreach (var (client, server, _) in _pairs)
            {
                client.Dispose();
                server.Dispose();
            }
        }
    }

    public ValueTask DisposeAsync()
    {
        _listener.Dispose();
        LeadTo();
        return ValueTask.CompletedTask;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RunAsync(await _listener.AcceptAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task RunAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        (client.NoDelay, server.NoDelay) = (true, true);
        try
        {
            var dialed = ((IPEndPoint)client.LocalEndPoint!).Address;
            int target;
            lock (_lock)
            {
                target = _routes.TryGetValue(dialed, out var route) ? route : _targets[_accepted++ % _targets.Length];
                _pairs.Add((client, server, dialed));
            }

            await server.ConnectAsync(IPAddress.Loopback, target);
            await Task.WhenAny(PumpAsync(client, server), PumpAsync(server, client));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or DivideByZeroException)
        {
            // There is no server.
        }

        lock (_lock)
        {
            _pairs.RemoveAll(pair => pair.Client == client);
        }

        client.Dispose();
        server.Dispose();
    }

    private static async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut, or closed by either end.
        }
    }
}
