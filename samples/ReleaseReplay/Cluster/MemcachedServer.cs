using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using ReleaseReplay.Runs;

namespace ReleaseReplay.Cluster;

/// <summary>A real memcached, started by the replay.</summary>
internal sealed class MemcachedServer(string program, int maxConnections) : IDisposable
{
    /// <summary>The address from which <see cref="OccupyAsync"/> connects.</summary>
    public static readonly IPAddress OtherApplication = new([127, 0, 2, 1]);

    private readonly List<TcpClient> _occupied = [];
    private int _occupiedCount;
    private Process? _process;

    public int Port { get; } = Ports.Free();

    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Gets the number of connections that <see cref="OccupyAsync"/> holds.</summary>
    public int Occupied => Volatile.Read(ref _occupiedCount);

    public async Task StartAsync()
    {
        string[] arguments =
        [
            "-l", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "0", "-m", "128", "-t", "2",
            "-c", maxConnections.ToString(CultureInfo.InvariantCulture), .. Environment.UserName == "root" ? new[] { "-u", "root" } : [],
        ];
        try
        {
            _process = Children.Start(new ProcessStartInfo(program, arguments));
        }
        catch (Win32Exception e)
        {
            throw new ReplayException($"{program} cannot be started: {e.Message}. Install memcached, or name the program (--memcached).");
        }

        while (await ConnectionsAsync() is null)
        {
            if (_process.HasExited)
            {
                throw new ReplayException($"{program} on port {Port} ended at once.");
            }

            await Task.Delay(20);
        }
    }

    public void Kill()
    {
        _process!.Kill();
        _process.WaitForExit();
        Children.Remove(_process);
    }

    /// <summary>Opens connections, as some other application may, until the server refuses more than the given room.</summary>
    public async Task OccupyAsync(int room)
    {
        while (await ConnectionsAsync() is { } open && open < maxConnections - room)
        {
            var connection = new TcpClient(new IPEndPoint(OtherApplication, 0));
            await connection.ConnectAsync(IPAddress.Loopback, Port);
            _occupied.Add(connection);
            Volatile.Write(ref _occupiedCount, _occupied.Count);
        }
    }

    /// <summary>Closes the connections of <see cref="OccupyAsync"/>.</summary>
    public void Release()
    {
        _occupied.ForEach(connection => connection.Dispose());
        _occupied.Clear();
        Volatile.Write(ref _occupiedCount, 0);
    }

    /// <summary>Asks for the number of client connections, without the one that asks; null if the server does not answer.</summary>
    public async Task<int?> ConnectionsAsync()
    {
        try
        {
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port, limit.Token);
            await client.GetStream().WriteAsync("stats\r\n"u8.ToArray(), limit.Token);
            using var reader = new StreamReader(client.GetStream());
            var connections = 0;
            while (await reader.ReadLineAsync(limit.Token) is { } line && line != "END")
            {
                if (line.StartsWith("STAT curr_connections ", StringComparison.Ordinal))
                {
                    connections = int.Parse(line.Split(' ')[2], CultureInfo.InvariantCulture);
                }
            }

            return connections == 0 ? null : connections - 1;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        Release();
        if (_process is { } process)
        {
            Kill();
            process.Dispose();
        }
    }
}
