using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// What a session remembers and decides: events and time in, decisions out. No socket, timer or clock of its own. Thread-safe.
/// </summary>
/// <remarks>All times are durations since one instant of the caller's choice, on a monotonic clock.</remarks>
internal sealed class SessionStateMachine(SessionTimeouts timeouts, Backoff backoff, bool allowReadOnly)
{
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(1);
    private static readonly byte[] NoPassword = new byte[16];
    private readonly Lock _lock = new();   // guards everything: the receive loop, the sender and the beat tell it things at once
    private ReadOnlyMemory<byte> _password = NoPassword;
    private bool _sawQuorum;
    private bool _pinged;
    private TimeSpan _heard;
    private TimeSpan _sent;
    private TimeSpan _looked;
    private bool _isLost;
    private TimeSpan _opened;

    /// <summary>0 before there is one.</summary>
    public long SessionId { get; private set; }

    /// <summary>The session timeout as granted; zero before there is a session.</summary>
    public TimeSpan NegotiatedTimeout { get; private set; }

    /// <summary>The newest transaction that was seen.</summary>
    public long LastZxid { get; private set; }

    /// <summary>The server that is connected has no quorum.</summary>
    public bool IsReadOnly { get; private set; }

    /// <summary>After how long a silent server is given up.</summary>
    public TimeSpan Liveness => timeouts.Liveness is { } bound && (NegotiatedTimeout == TimeSpan.Zero || bound < NegotiatedTimeout)
        ? bound : (NegotiatedTimeout == TimeSpan.Zero ? timeouts.Requested : NegotiatedTimeout) / 3;

    /// <summary>The first message of a connection that was just made.</summary>
    public ConnectRequest CreateConnectRequest()
    {
        lock (_lock)
        {
            // A server without a quorum makes sessions that no other one knows.
            var (id, password) = _sawQuorum || !allowReadOnly ? (SessionId, _password) : (0, NoPassword);
            return new ConnectRequest(LastZxid, (int)timeouts.Requested.TotalMilliseconds, id, password, allowReadOnly);
        }
    }

    /// <summary>The server's first message came.</summary>
    public ConnectOutcome OnConnectResponse(in ConnectResponse response, TimeSpan now)
    {
        lock (_lock)
        {
            if (response.Timeout <= 0)
            {
                return SessionId == 0 ? ConnectOutcome.Rejected : ConnectOutcome.Expired;
            }

            var opening = response.SessionId == SessionId ? ConnectOutcome.Resumed : ConnectOutcome.Created;
            (SessionId, _password, NegotiatedTimeout) = (response.SessionId, response.Password, TimeSpan.FromMilliseconds(response.Timeout));
            IsReadOnly = response.ReadOnly;
            _sawQuorum |= !response.ReadOnly;
            (_heard, _sent, _looked, _pinged, _isLost) = (now, now, now, false, false);
            _opened = now;
            return opening;
        }
    }

    /// <summary>Messages came, with this newest transaction (0 or less: none was told).</summary>
    public void OnReceived(TimeSpan now, long zxid)
    {
        lock (_lock)
        {
            (_heard, _pinged) = (now, false);
            LastZxid = Math.Max(LastZxid, zxid);
        }
    }

    /// <summary>Something was sent.</summary>
    public void OnSent(TimeSpan now)
    {
        lock (_lock)
        {
            _sent = now;
        }
    }

    /// <summary>Time has passed: asked several times in a liveness bound, while connected.</summary>
    public KeepAliveAction OnTick(TimeSpan now)
    {
        lock (_lock)
        {
            // Who slept cannot blame the server for its silence: what it said may lie in the socket.
            var slept = now - _looked;
            _looked = now;
            if (slept > Liveness / 2)
            {
                _heard += slept;
            }

            if (now - _heard >= Liveness)
            {
                return KeepAliveAction.Disconnect;
            }

            // The second reason: a server that talks without end still wants to hear from us.
            if ((now - _heard >= Liveness / 2 && !_pinged) || now - _sent >= NegotiatedTimeout / 3)
            {
                _pinged = true;
                _sent = now;
                return KeepAliveAction.Ping;
            }

            return KeepAliveAction.None;
        }
    }

    /// <summary>The connection was lost, or an attempt to make one failed. How long to wait before the next one?</summary>
    public TimeSpan OnDisconnected(TimeSpan now)
    {
        lock (_lock)
        {
            // A server that opens sessions and closes them at once is no success.
            if (!_isLost && now - _opened >= Stable)
            {
                backoff.Reset();
            }

            _isLost = true;
            IsReadOnly = false;
            var wait = backoff.Next();

            // Without a quorum sessions live on, however long it takes; when there is one again, they end by their timeout. A longer wait
            // would be what ends this one.
            return SessionId != 0 && wait > NegotiatedTimeout / 5 ? NegotiatedTimeout / 5 : wait;
        }
    }

    /// <summary>Forgets the session: the next request asks for a new one.</summary>
    /// <remarks>The newest transaction is kept, so that no server that is behind it answers.</remarks>
    public void ResetSession()
    {
        lock (_lock)
        {
            (SessionId, _password, NegotiatedTimeout, _sawQuorum) = (0, NoPassword, TimeSpan.Zero, false);
        }
    }

    /// <summary>Forgets the session and everything that was seen in it: any server may answer.</summary>
    public void ResetHistory()
    {
        lock (_lock)
        {
            ResetSession();
            LastZxid = 0;
        }
    }
}

/// <summary>What the server's first answer means.</summary>
internal enum ConnectOutcome
{
    /// <summary>There is a new session.</summary>
    Created,

    /// <summary>The session goes on.</summary>
    Resumed,

    /// <summary>The session is lost.</summary>
    Expired,

    /// <summary>The server says that a session is lost for which it was not asked: it makes no new one.</summary>
    Rejected,
}

/// <summary>What is to be done now that time has passed.</summary>
internal enum KeepAliveAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Ask the server whether it is there, and tell it that we are.</summary>
    Ping,

    /// <summary>Close the connection: the server was asked and is silent.</summary>
    Disconnect,
}

/// <summary>The durations that a session is led by.</summary>
/// <param name="Requested">The session timeout that the servers are asked for.</param>
/// <param name="Liveness">After how long a silent server is given up; null: a third of what was granted.</param>
internal readonly record struct SessionTimeouts(TimeSpan Requested, TimeSpan? Liveness);
