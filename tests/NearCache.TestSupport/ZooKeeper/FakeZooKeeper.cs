using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>A ZooKeeper in this process, which tests can hold, cut, make lie, and take away. Speaks as a server of 3.8 does.</summary>
/// <remarks>
/// Not there: access rights, quotas, SASL. Sessions end when they are closed or <see cref="ExpireSession"/> is called, never by time.
/// </remarks>
public sealed class FakeZooKeeper : IAsyncDisposable
{
    private readonly FakeQuorum _quorum;
    private readonly FakeDataTree _tree = new();
    private readonly List<FakeConnection> _connections = [];
    private readonly Queue<(long Zxid, long Time, IReadOnlyList<FakeChange> Changes)> _behind = new();
    private readonly List<(long Zxid, TaskCompletionSource Applied)> _waiting = [];
    private readonly List<FakeRequest> _requests = [];
    private Socket? _listener;
    private bool _isLagging;
    private bool _holdsNotifications;

    internal FakeZooKeeper(FakeQuorum quorum)
    {
        _quorum = quorum;
        lock (quorum.Gate)
        {
            quorum.Servers.Add(this);
        }

        Listen(port: 0);
        Port = ((IPEndPoint)_listener!.LocalEndPoint!).Port;
    }

    /// <summary>A server that stands alone.</summary>
    public static FakeZooKeeper Start(TimeProvider? time = null) => new(new FakeQuorum(time ?? TimeProvider.System));

    public int Port { get; }

    /// <summary>"127.0.0.1:port".</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Notifications are thrown away from now on: what no ZooKeeper does, and a broken one might.</summary>
    public bool DropNotifications { get; set; }

    /// <summary>The server sends its bytes one at a time.</summary>
    public bool SendsByteByByte { get; set; }

    /// <summary>The server has no quorum: clients that allow it may read.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>Notifications tell the transaction, as since 3.9.</summary>
    public bool TellsZxid { get; set; }

    /// <summary>
    /// What <c>srvr</c> says of the server; null: that it serves no requests; empty: it closes the connection without a word.
    /// </summary>
    public string? Mode { get; set; } = "standalone";

    /// <summary>Asked for each request; what it returns is done instead. Called inside the server's lock.</summary>
    public Func<FakeRequest, FakeFault?>? OnRequest { get; set; }

    /// <summary>Asked for each first message of a connection, with the session asked for; what it returns is done instead.</summary>
    public Func<long, FakeFault?>? OnConnect { get; set; }

    /// <summary>The longest message that the server takes; a longer one closes its connection.</summary>
    public int MaxMessageBytes { get; set; } = 0xFFFFF;

    /// <summary>The first message of a server that does not know the session.</summary>
    public static byte[] Expired() => FakeConnection.Frame(new ConnectResponse(0, 0, new byte[16], false).WriteTo);

    /// <summary>The newest transaction that this server knows.</summary>
    public long Zxid
    {
        get
        {
            lock (_quorum.Gate)
            {
                return _tree.Zxid;
            }
        }
    }

    /// <summary>The sessions that live.</summary>
    public IReadOnlyList<long> Sessions
    {
        get
        {
            lock (_quorum.Gate)
            {
                return [.. _quorum.SessionIds];
            }
        }
    }

    /// <summary>How many clients are connected here.</summary>
    public int Connections
    {
        get
        {
            lock (_quorum.Gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>How many watches are set here.</summary>
    public int Watches
    {
        get
        {
            lock (_quorum.Gate)
            {
                return _connections.Sum(connection => connection.Watches.Count);
            }
        }
    }

    /// <summary>Everything that was asked of this server, pings included.</summary>
    public IReadOnlyList<FakeRequest> Requests
    {
        get
        {
            lock (_quorum.Gate)
            {
                return [.. _requests];
            }
        }
    }

    internal FakeQuorum Quorum => _quorum;

    internal FakeDataTree Tree => _tree;

    /// <summary>Every path that there is, in order.</summary>
    public IReadOnlyList<string> Paths()
    {
        lock (_quorum.Gate)
        {
            return [.. _tree.Paths.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>A node's data as this server knows them; null also if there is no such node.</summary>
    public byte[]? GetData(string path)
    {
        lock (_quorum.Gate)
        {
            return _tree.Find(path)?.Data;
        }
    }

    /// <summary>Writes a node as some other client would, and makes it and those above it if they are not there.</summary>
    public void SetData(string path, byte[]? data)
    {
        lock (_quorum.Gate)
        {
            for (var slash = path.IndexOf('/', 1); slash > 0; slash = path.IndexOf('/', slash + 1))
            {
                if (_quorum.Newest.Find(path[..slash]) is null)
                {
                    _quorum.Commit([new FakeChange(OperationCode.Create, path[..slash])]);
                }
            }

            _quorum.Commit([new FakeChange(_quorum.Newest.Find(path) is null ? OperationCode.Create : OperationCode.SetData, path, data)]);
        }
    }

    /// <summary>Removes a node as some other client would.</summary>
    public void Delete(string path)
    {
        lock (_quorum.Gate)
        {
            _quorum.Commit([new FakeChange(OperationCode.Delete, path)]);
        }
    }

    /// <summary>Ends a session, and closes its connection: its client learns of it when it comes back.</summary>
    public void ExpireSession(long id)
    {
        lock (_quorum.Gate)
        {
            _quorum.End(id);
            foreach (var server in _quorum.Servers)
            {
                server.Close(connection => connection.SessionId == id);
            }
        }
    }

    /// <summary>
    /// Keeps notifications back until <see cref="ReleaseNotifications"/>, while replies go: to a client it looks like a handler that is
    /// slow.
    /// </summary>
    public void HoldNotifications()
    {
        lock (_quorum.Gate)
        {
            _holdsNotifications = true;
        }
    }

    /// <summary>Sends what was kept back, in order.</summary>
    public void ReleaseNotifications()
    {
        lock (_quorum.Gate)
        {
            _holdsNotifications = false;
            _connections.ForEach(connection => connection.SendHeld());
        }
    }

    /// <summary>Falls behind the other servers: reads show the past, writes and syncs wait, until <see cref="CatchUp"/>.</summary>
    public void Lag()
    {
        lock (_quorum.Gate)
        {
            _isLagging = true;
        }
    }

    /// <summary>Applies what was committed meanwhile.</summary>
    public void CatchUp()
    {
        lock (_quorum.Gate)
        {
            _isLagging = false;
            while (_behind.TryDequeue(out var transaction))
            {
                Apply(transaction.Zxid, transaction.Time, transaction.Changes);
            }
        }
    }

    /// <summary>Hangs: connections stand, new ones are taken, nothing is read or sent, until <see cref="Thaw"/>.</summary>
    public void Freeze() => SetFrozen(true);

    /// <summary>Goes on.</summary>
    public void Thaw() => SetFrozen(false);

    /// <summary>Closes every connection; clients may come back at once.</summary>
    public void DropConnections()
    {
        lock (_quorum.Gate)
        {
            Close(_ => true);
        }
    }

    /// <summary>Is gone: connections are closed and new ones refused. Sessions and nodes stay.</summary>
    public void Stop()
    {
        lock (_quorum.Gate)
        {
            _listener?.Dispose();
            _listener = null;
            Close(_ => true);
        }
    }

    /// <summary>Is back, on the same port.</summary>
    public void Restart()
    {
        Stop();
        Listen(Port);
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        return ValueTask.CompletedTask;
    }

    /// <summary>Whether a session's connection ends here.</summary>
    public bool Holds(long session)
    {
        lock (_quorum.Gate)
        {
            return _connections.Exists(connection => connection.SessionId == session);
        }
    }

    internal void Wipe()
    {
        Close(_ => true);
        _behind.Clear();
        _tree.Clear();
    }

    internal bool IsFrozen { get; private set; }

    internal bool HoldsNotifications => _holdsNotifications;

    internal void Note(FakeRequest request) => _requests.Add(request);

    /// <summary>The quorum has committed. Inside the lock.</summary>
    internal void Deliver(long zxid, long time, IReadOnlyList<FakeChange> changes)
    {
        if (_isLagging)
        {
            _behind.Enqueue((zxid, time, changes));
        }
        else
        {
            Apply(zxid, time, changes);
        }
    }

    /// <summary>Completes when this server has applied a transaction. Inside the lock.</summary>
    internal Task AppliedAsync(long zxid)
    {
        if (_tree.Zxid >= zxid)
        {
            return Task.CompletedTask;
        }

        var applied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Add((zxid, applied));
        return applied.Task;
    }

    internal void Forget(FakeConnection connection) => _connections.Remove(connection);

    internal void CloseSessionElsewhere(long session, FakeConnection except) =>
        Close(connection => connection.SessionId == session && connection != except);

    private void Apply(long zxid, long time, IReadOnlyList<FakeChange> changes)
    {
        foreach (var (type, path) in _tree.Apply(zxid, time, changes))
        {
            _connections.ForEach(connection => connection.Fire(type, path, zxid));
        }

        foreach (var (_, applied) in _waiting.Where(waiting => waiting.Zxid <= zxid))
        {
            applied.TrySetResult();
        }

        _waiting.RemoveAll(waiting => waiting.Zxid <= zxid);
    }

    private void SetFrozen(bool isFrozen)
    {
        lock (_quorum.Gate)
        {
            IsFrozen = isFrozen;
            _connections.ForEach(connection => connection.Wake());
        }
    }

    private void Close(Func<FakeConnection, bool> which)
    {
        foreach (var connection in _connections.Where(which).ToArray())
        {
            connection.Close();
        }
    }

    private void Listen(int port)
    {
        var listener = Ports.Listen(port);
        lock (_quorum.Gate)
        {
            _listener = listener;
        }

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
                var connection = new FakeConnection(this, socket);
                lock (_quorum.Gate)
                {
                    if (_listener == listener)
                    {
                        _connections.Add(connection);
                    }
                    else
                    {
                        connection.Close();
                    }
                }

                _ = connection.RunAsync();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }
}
