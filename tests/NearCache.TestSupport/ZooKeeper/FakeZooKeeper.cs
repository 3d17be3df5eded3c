using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.TestSupport.ZooKeeper;

/// <summary>A ZooKeeper server in this process with controllable faults. Implements the protocol of 3.8.</summary>
/// <remarks>
/// Does not implement access rights, quotas and SASL. Sessions end when they are closed or <see cref="ExpireSession"/> is called, never by
/// time.
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

    /// <summary>Starts a standalone server.</summary>
    public static FakeZooKeeper Start(TimeProvider? time = null) => new(new FakeQuorum(time ?? TimeProvider.System));

    public int Port { get; }

    /// <summary>Gets the address, "127.0.0.1:port".</summary>
    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>
    /// Gets or sets a value that indicates whether notifications are discarded. No real server does this; a broken one might.
    /// </summary>
    public bool DropNotifications { get; set; }

    /// <summary>Gets or sets a value that indicates whether the server sends one byte at a time.</summary>
    public bool SendsByteByByte { get; set; }

    /// <summary>Gets or sets a value that indicates whether the server has no quorum, so that clients may only read.</summary>
    public bool IsReadOnly { get; set; }

    /// <summary>Gets or sets a value that indicates whether notifications contain the zxid, as since 3.9.</summary>
    public bool ReportsZxid { get; set; }

    /// <summary>
    /// Gets or sets the mode that <c>srvr</c> reports; null: the server serves no requests; empty: it closes the connection without a
    /// reply.
    /// </summary>
    public string? Mode { get; set; } = "standalone";

    /// <summary>Gets or sets the callback that returns a fault for a request, or null. Called inside the lock of the ensemble.</summary>
    public Func<FakeRequest, FakeFault?>? OnRequest { get; set; }

    /// <summary>
    /// Gets or sets the callback that returns a fault for a connect request, or null. Its argument is the requested session.
    /// </summary>
    public Func<long, FakeFault?>? OnConnect { get; set; }

    /// <summary>Gets or sets the length of the longest accepted message. A longer one closes the connection.</summary>
    public int MaxMessageBytes { get; set; } = 0xFFFFF;

    /// <summary>Returns the first message of a server that does not know the session.</summary>
    public static byte[] Expired() => FakeConnection.Frame(new ConnectResponse(0, 0, new byte[16], false).WriteTo);

    /// <summary>Gets the newest transaction that this server has applied.</summary>
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

    /// <summary>Gets the ids of the sessions.</summary>
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

    /// <summary>Gets the number of connections to this server.</summary>
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

    /// <summary>Gets the number of watches on this server.</summary>
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

    /// <summary>Gets every request that this server received, pings included.</summary>
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

    /// <summary>Returns the paths of all nodes, sorted.</summary>
    public IReadOnlyList<string> Paths()
    {
        lock (_quorum.Gate)
        {
            return [.. _tree.Paths.Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>Returns the data of a node on this server; null also if the node does not exist.</summary>
    public byte[]? GetData(string path)
    {
        lock (_quorum.Gate)
        {
            return _tree.Find(path)?.Data;
        }
    }

    /// <summary>Writes a node as another client would, and creates it and its ancestors if they are missing.</summary>
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

    /// <summary>Deletes a node as another client would.</summary>
    public void Delete(string path)
    {
        lock (_quorum.Gate)
        {
            _quorum.Commit([new FakeChange(OperationCode.Delete, path)]);
        }
    }

    /// <summary>Ends a session and closes its connection. The client learns of it when it reconnects.</summary>
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
    /// Holds notifications back until <see cref="ReleaseNotifications"/>, while replies are sent. A client sees the same as with a slow
    /// handler.
    /// </summary>
    public void HoldNotifications()
    {
        lock (_quorum.Gate)
        {
            _holdsNotifications = true;
        }
    }

    /// <summary>Sends the held notifications, in order.</summary>
    public void ReleaseNotifications()
    {
        lock (_quorum.Gate)
        {
            _holdsNotifications = false;
            _connections.ForEach(connection => connection.SendHeld());
        }
    }

    /// <summary>Falls behind the other servers until <see cref="CatchUp"/>: reads return old data; writes and syncs wait.</summary>
    public void Lag()
    {
        lock (_quorum.Gate)
        {
            _isLagging = true;
        }
    }

    /// <summary>Applies the transactions that were committed since <see cref="Lag"/>.</summary>
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

    /// <summary>Hangs until <see cref="Thaw"/>: connections stay open and new ones are accepted, but nothing is read or sent.</summary>
    public void Freeze() => SetFrozen(true);

    /// <summary>Resumes after <see cref="Freeze"/>.</summary>
    public void Thaw() => SetFrozen(false);

    /// <summary>Closes every connection. Clients may reconnect at once.</summary>
    public void DropConnections()
    {
        lock (_quorum.Gate)
        {
            Close(_ => true);
        }
    }

    /// <summary>Closes every connection and refuses new ones. Sessions and nodes are kept.</summary>
    public void Stop()
    {
        lock (_quorum.Gate)
        {
            _listener?.Dispose();
            _listener = null;
            Close(_ => true);
        }
    }

    /// <summary>Listens again, on the same port.</summary>
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

    /// <summary>Returns whether this server holds the connection of a session.</summary>
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

    /// <summary>Applies a committed transaction, or queues it while the server lags. Requires <c>Gate</c>.</summary>
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

    /// <summary>Waits until this server has applied a transaction. Requires <c>Gate</c>.</summary>
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
