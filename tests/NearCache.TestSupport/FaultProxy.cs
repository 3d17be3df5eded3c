using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;

namespace NearCache.TestSupport;

/// <summary>
/// A TCP proxy in front of a server that can hold bytes back, delay them, drop them, and cut connections, in either direction.
/// </summary>
/// <remarks>Bytes keep their order. A change of a setting takes effect with the next bytes, on every connection.</remarks>
public sealed class FaultProxy : IAsyncDisposable
{
    private readonly EndPoint _target;
    private readonly Translation? _translation;
    private readonly Lock _lock = new();   // guards _pairs, _listener and _resumed
    private readonly List<(Socket Client, Socket Server)> _pairs = [];
    private TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Socket? _listener;
    private long _cutAfter = long.MaxValue;

    private FaultProxy(IPEndPoint target, Translation? translation = null)
    {
        (_target, _translation) = (target, translation);
        _listener = translation is null ? Ports.Listen(0) : Ports.Listen(target.Port, translation.At);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _ = AcceptAsync(_listener);
    }

    /// <summary>A proxy in front of a server on this machine.</summary>
    public static FaultProxy Start(int targetPort) => new(new IPEndPoint(IPAddress.Loopback, targetPort));

    /// <summary>
    /// A proxy in front of a server on this machine that translates addresses, as source NAT does: it listens on the server's own port of
    /// another loopback address.
    /// </summary>
    /// <param name="targetPort">The port of the server.</param>
    /// <param name="at">The address on which it listens.</param>
    /// <param name="from">The address from which its connections reach the server.</param>
    /// <param name="keepsPorts">Whether a connection keeps the port of the client.</param>
    public static FaultProxy StartTranslating(int targetPort, IPAddress at, IPAddress from, bool keepsPorts) =>
        new(new IPEndPoint(IPAddress.Loopback, targetPort), new Translation(at, from, keepsPorts));

    public int Port { get; }

    /// <summary>"127.0.0.1:port".</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Bytes that the client sends are swallowed.</summary>
    public bool DropsToServer { get; set; }

    /// <summary>Bytes that the server sends are swallowed.</summary>
    public bool DropsToClient { get; set; }

    /// <summary>Each piece of bytes waits so long before it goes on.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Nothing goes on, and nothing is lost, until <see cref="Resume"/>.</summary>
    public bool IsHolding { get; private set; }

    /// <summary>The connections that stand.</summary>
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

    /// <summary>How many connections were ever made through it.</summary>
    public int Accepted { get; private set; }

    /// <summary>Holds everything: what a network does that is gone without a word.</summary>
    public void Hold() => IsHolding = true;

    /// <summary>Lets what was held go on.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            IsHolding = false;
            _resumed.TrySetResult();
            _resumed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Cuts every connection by a reset; new ones are taken.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            foreach (var (client, server) in _pairs)
            {
                Reset(client);
                Reset(server);
            }

            _pairs.Clear();
        }
    }

    /// <summary>Cuts the connection that passes so many more bytes of the server's.</summary>
    public void CutAfter(long bytesToClient) => Interlocked.Exchange(ref _cutAfter, bytesToClient);

    /// <summary>Cuts every connection, and refuses new ones until <see cref="Open"/>.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _listener?.Dispose();
            _listener = null;
        }

        Cut();
    }

    /// <summary>Takes connections again.</summary>
    public void Open()
    {
        lock (_lock)
        {
            if (_listener is null)
            {
                _listener = Ports.Listen(Port, _translation?.At);
                _ = AcceptAsync(_listener);
            }
        }
    }

    /// <summary>No fault at all any more.</summary>
    public void Heal()
    {
        (DropsToClient, DropsToServer, Delay) = (false, false, TimeSpan.Zero);
        CutAfter(long.MaxValue);
        Resume();
        Open();
    }

    public ValueTask DisposeAsync()
    {
        Close();
        Resume();
        return ValueTask.CompletedTask;
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        socket.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                _ = RunAsync(await listener.AcceptAsync());
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
        lock (_lock)
        {
            Accepted++;
            _pairs.Add((client, server));
        }

        try
        {
            await HeldAsync();
            if (_translation is { } translation)
            {
                // Where the port is taken the client is cut, and comes back from another one.
                server.Bind(new IPEndPoint(translation.From, translation.KeepsPorts ? ((IPEndPoint)client.RemoteEndPoint!).Port : 0));
            }

            await server.ConnectAsync(_target);
            await Task.WhenAny(PumpAsync(client, server, toClient: false), PumpAsync(server, client, toClient: true));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server is not there.
        }

        lock (_lock)
        {
            _pairs.Remove((client, server));
        }

        Reset(client);
        Reset(server);
    }

    private async Task PumpAsync(Socket from, Socket to, bool toClient)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer) is > 0 and var count)
            {
                if (Delay > TimeSpan.Zero)
                {
                    await Task.Delay(Delay, TimeProvider.System);
                }

                await HeldAsync();
                if (toClient ? DropsToClient : DropsToServer)
                {
                    continue;
                }

                var passed = toClient ? (int)Math.Clamp(Interlocked.Add(ref _cutAfter, -count) + count, 0, count) : count;
                await to.SendAsync(buffer.AsMemory(0, passed));
                if (passed < count)
                {
                    CutAfter(long.MaxValue);
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Cut, or closed by either end.
        }
    }

    private async Task HeldAsync()
    {
        while (true)
        {
            Task resumed;
            lock (_lock)
            {
                if (!IsHolding)
                {
                    return;
                }

                resumed = _resumed.Task;
            }

            await resumed;
        }
    }

    private sealed record Translation(IPAddress At, IPAddress From, bool KeepsPorts);
}
