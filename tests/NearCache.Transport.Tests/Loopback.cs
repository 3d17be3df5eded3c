using System.Net;
using System.Net.Sockets;

namespace NearCache.Transport.Tests;

/// <summary>A callback on loopback that hands out what connects.</summary>
internal sealed class Loopback : IDisposable
{
    private readonly Socket _listener;

    public Loopback(int backlog = 16)
    {
        _listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(backlog);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public ServerAddress Address => ServerAddress.Parse($"127.0.0.1:{Port}");

    public Task<Socket> AcceptAsync() => _listener.AcceptAsync().WaitAsync(TimeSpan.FromMinutes(3));

    /// <summary>Fills the accept queue, so that the system drops every further SYN.</summary>
    public static async Task<(Loopback Listener, List<Socket> Fillers)> BlackHoleAsync()
    {
        var callback = new Loopback(backlog: 0);
        // One that is late may be a busy machine's; three in a row are not.
        var fillers = new List<Socket>();
        for (var late = 0; fillers.Count < 64;)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            fillers.Add(filler);
            using var limit = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
            try
            {
                await filler.ConnectAsync(new IPEndPoint(IPAddress.Loopback, callback.Port), limit.Token);
                late = 0;
            }
            catch (OperationCanceledException) when (++late < 3)
            {
                // Probably full.
            }
            catch (OperationCanceledException)
            {
                return (callback, fillers);
            }
        }

        throw new InvalidOperationException("The accept queue did not fill.");
    }

    public void Dispose() => _listener.Dispose();
}
