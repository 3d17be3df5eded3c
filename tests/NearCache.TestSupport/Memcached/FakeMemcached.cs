using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;

namespace NearCache.TestSupport.Memcached;

/// <summary>
/// A memcached in this process, on loopback, whose replies can be held, split, spoiled and cut off. Stands in for 1.6.18, or for what
/// <see cref="Version"/> says.
/// </summary>
/// <remarks>
/// <code>
/// await using var server = FakeMemcached.Start();
/// server.HoldReplies();                                     // commands are carried out, and no reply is sent
/// server.ReleaseReplies();
/// server.Faults.OnCommand = line => line.StartsWith("ms") ? FakeFault.CloseAfter : null;
/// server.Kill();  server.Restart(keepItems: false);
/// </code>
/// </remarks>
public sealed class FakeMemcached : IAsyncDisposable
{
    private readonly ConcurrentDictionary<FakeConnection, bool> _connections = new();
    private readonly ConcurrentQueue<string> _commands = new();
    private readonly FakeStore _store;
    private Socket? _listener;
    private volatile TaskCompletionSource? _held;
    private int _accepted;

    private FakeMemcached(TimeProvider time)
    {
        Time = time;
        _store = new FakeStore(time);
    }

    public int Port { get; private set; }

    /// <summary>"127.0.0.1:port".</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>What it does wrong.</summary>
    public FakeFaults Faults { get; } = new();

    /// <summary>The items by key, as they are now.</summary>
    public IReadOnlyDictionary<string, FakeItem> Items => _store.Snapshot();

    /// <summary>The command lines in the order in which they were carried out.</summary>
    public IReadOnlyCollection<string> Commands => _commands;

    /// <summary>Connections that are open now.</summary>
    public int OpenConnections => _connections.Count;

    /// <summary>Connections that were ever accepted.</summary>
    public int AcceptedConnections => Volatile.Read(ref _accepted);

    /// <summary>
    /// What it says that it is, 1.6.18 unless set. From 1.6.10 to 1.6.17 it answers as those do; older ones know no meta command.
    /// </summary>
    public string Version { get; set; } = "1.6.18";

    /// <summary>Larger values are refused as memcached refuses them: 1,048,000 unless set.</summary>
    public int MaxValueBytes { get => _store.MaxValueBytes; set => _store.MaxValueBytes = value; }

    internal TimeProvider Time { get; }

    internal FakeStore Store => _store;

    /// <summary>Starts one; items expire by <paramref name="time"/>.</summary>
    public static FakeMemcached Start(TimeProvider? time = null)
    {
        var server = new FakeMemcached(time ?? TimeProvider.System);
        server.Listen();
        return server;
    }

    /// <summary>Commands are carried out from now on, and their replies wait.</summary>
    public void HoldReplies() => _held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Sends what was held.</summary>
    public void ReleaseReplies()
    {
        var held = _held;
        _held = null;
        held?.TrySetResult();
    }

    /// <summary>Closes all connections; it goes on listening.</summary>
    public void CloseConnections()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Dispose();
        }
    }

    /// <summary>As kill -9: nothing listens, all connections are closed.</summary>
    public void Kill()
    {
        _listener?.Dispose();
        _listener = null;
        CloseConnections();
    }

    /// <summary>
    /// Listens again on the same port after <see cref="Kill"/>; unless kept, the items are gone and CAS ids start again at 1.
    /// </summary>
    public void Restart(bool keepItems = false)
    {
        if (!keepItems)
        {
            _store.Lose();
        }

        Listen();
    }

    /// <summary>Removes one item, as eviction does.</summary>
    public bool Evict(string key) => _store.Remove(key);

    /// <summary>Forgets <see cref="Commands"/>.</summary>
    public void ClearCommands() => _commands.Clear();

    public ValueTask DisposeAsync()
    {
        ReleaseReplies();
        Kill();
        return ValueTask.CompletedTask;
    }

    internal Task WhileHeldAsync() => _held?.Task ?? Task.CompletedTask;

    internal void Note(string line) => _commands.Enqueue(line);

    internal void Forget(FakeConnection connection) => _connections.TryRemove(connection, out _);

    private void Listen()
    {
        var listener = Ports.Listen(Port);
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _listener = listener;
        _ = AcceptAsync(listener);
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                var socket = await listener.AcceptAsync();
                socket.NoDelay = true;
                Interlocked.Increment(ref _accepted);
                var connection = new FakeConnection(this, socket);
                _connections[connection] = true;
                if (_listener != listener)
                {
                    connection.Dispose();
                }

                _ = connection.RunAsync();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Killed.
        }
    }
}
