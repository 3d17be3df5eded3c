using System.Net;
using System.Net.Sockets;

namespace ReleaseReplay.Cluster;

/// <summary>One connection through the network of a node.</summary>
internal sealed class Link : IDisposable
{
    private readonly Socket _client;
    private readonly NetworkFaults _faults;
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private volatile bool _isHalfOpen;

    public Link(Socket client, NetworkFaults faults)
    {
        (_client, _faults) = (client, faults);
        (_client.NoDelay, _server.NoDelay) = (true, true);
    }

    /// <summary>
    /// Connects to the server from an address of the node, with the port of the client, and moves bytes until an end closes.
    /// </summary>
    public async Task RunAsync(IPEndPoint source, IPEndPoint server)
    {
        _server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _server.Bind(source);
        await _server.ConnectAsync(server);
        var toServer = MoveAsync(_client, _server, delay: false);
        await Task.WhenAny(toServer, MoveAsync(_server, _client, delay: true));

        // The server is gone without a word: what the client sends is swallowed, until the client closes.
        if (_isHalfOpen)
        {
            await SwallowAsync();
        }
    }

    /// <summary>Closes the server's end, and tells the client nothing.</summary>
    public void LoseServer()
    {
        _isHalfOpen = true;
        _server.Dispose();
    }

    public void Dispose()
    {
        _client.Dispose();
        _server.Dispose();
    }

    private async Task MoveAsync(Socket from, Socket to, bool delay)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                if (delay && _faults.Delay > TimeSpan.Zero)
                {
                    await Task.Delay(_faults.Delay);
                }

                await to.SendAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // An end was closed.
        }
    }

    private async Task SwallowAsync()
    {
        var buffer = new byte[16 * 1024];
        while (await _client.ReceiveAsync(buffer) > 0)
        {
            // Swallowed.
        }
    }
}

/// <summary>The faults of the network between pods and memcached.</summary>
internal sealed class NetworkFaults
{
    private long _delay;

    /// <summary>Raised when every open connection loses its server without a word.</summary>
    public event Action? HalfOpened;

    /// <summary>Gets or sets how long each piece of a reply waits.</summary>
    public TimeSpan Delay
    {
        get => new(Interlocked.Read(ref _delay));
        set => Interlocked.Exchange(ref _delay, value.Ticks);
    }

    /// <summary>Makes every open connection half-open.</summary>
    public void HalfOpen() => HalfOpened?.Invoke();
}
