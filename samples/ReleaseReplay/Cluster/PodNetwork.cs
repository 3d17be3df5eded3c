using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ReleaseReplay.Cluster;

/// <summary>
/// The network of one node: leads its pod to the memcached servers from an address of the node, as source NAT that keeps ports does, and
/// can be slow, or lose what is open.
/// </summary>
internal sealed class PodNetwork : IDisposable
{
    private readonly IPAddress _address;
    private readonly NetworkFaults _faults;
    private readonly List<Socket> _listeners = [];
    private readonly ConcurrentDictionary<Link, bool> _links = new();

    /// <param name="number">The number of the node, from 1.</param>
    /// <param name="servers">The ports of the memcached servers.</param>
    /// <param name="faults">The faults, shared by all nodes.</param>
    public PodNetwork(int number, IReadOnlyList<int> servers, NetworkFaults faults)
    {
        Node = string.Create(CultureInfo.InvariantCulture, $"node-{number}");
        _address = new IPAddress([127, 0, 1, (byte)number]);
        _faults = faults;
        var environment = new Dictionary<string, string>();
        foreach (var server in servers)
        {
            var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            var port = Ports.Free();
            listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
            listener.Listen(512);
            _ = AcceptAsync(listener, new IPEndPoint(IPAddress.Loopback, server));
            var name = string.Create(CultureInfo.InvariantCulture, $"NearCache__Memcached__Servers__{_listeners.Count}");
            environment[name] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
            environment.TryAdd("Pod__Server", environment[name]);
            _listeners.Add(listener);
        }

        Environment = environment;
        faults.HalfOpened += LoseServers;
    }

    public string Node { get; }

    public string NodeAddress => _address.ToString();

    /// <summary>The addresses of the servers, as the pod sees them.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    public void Dispose()
    {
        _faults.HalfOpened -= LoseServers;
        _listeners.ForEach(listener => listener.Dispose());
        foreach (var link in _links.Keys)
        {
            link.Dispose();
        }
    }

    private void LoseServers()
    {
        foreach (var link in _links.Keys)
        {
            link.LoseServer();
        }
    }

    private async Task AcceptAsync(Socket listener, IPEndPoint server)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await listener.AcceptAsync(), server);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task ServeAsync(Socket client, IPEndPoint server)
    {
        using var link = new Link(client, _faults);
        _links[link] = true;
        try
        {
            await link.RunAsync(new IPEndPoint(_address, ((IPEndPoint)client.RemoteEndPoint!).Port), server);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server does not listen, or an end was closed.
        }

        _links.TryRemove(link, out _);
    }
}
