using NearCache.Transport;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// The state of a session and its decisions. Deterministic: events and time in, decisions out, without sockets, timers and clocks.
/// Thread-safe.
/// </summary>
/// <remarks>Times are durations on a monotonic clock since an instant that the caller chooses.</remarks>
internal sealed class SessionStateMachine(SessionTimeouts timeouts, Backoff backoff, bool allowReadOnly)
{
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(1);
    private static readonly byte[] NoPassword = new byte[16];
    private readonly Lock _lock = new();   // guards all fields: the receive loop, the send loop and the watchdog call concurrently
    private ReadOnlyMemory<byte> _password = NoPassword;
    private bool _sawQuorum;
    private bool _pinged;
    private TimeSpan _heard;
    private TimeSpan _sent;
    private TimeSpan _looked;
    private bool _isLost;
    private TimeSpan _opened;

    /// <summary>Gets the id of the session; 0 if there is none.</summary>
    public long SessionId { get; private set; }

    /// <summary>Gets the session timeout that the server granted; zero if there is no session.</summary>
    public TimeSpan NegotiatedTimeout { get; private set; }

    /// <summary>Gets the newest transaction that the client has seen.</summary>
    public long LastZxid { get; private set; }

    /// <summary>Gets a value that indicates whether the connected server has no quorum.</summary>
    public bool IsReadOnly { get; private set; }

    /// <summary>Gets how long a server may stay silent.</summary>
    public TimeSpan Liveness => timeouts.Liveness is { } bound && (NegotiatedTimeout == TimeSpan.Zero || bound < NegotiatedTimeout)
        ? bound : (NegotiatedTimeout == TimeSpan.Zero ? timeouts.Requested : NegotiatedTimeout) / 3;

    /// <summary>Returns the first message of a new connection.</summary>
    public ConnectRequest CreateConnectRequest()
    {
        lock (_lock)
        {
            // A session of a server without a quorum is unknown to other servers.
            var (id, password) = _sawQuorum || !allowReadOnly ? (SessionId, _password) : (0, NoPassword);
            return new ConnectRequest(LastZxid, (int)timeouts.Requested.TotalMilliseconds, id, password, allowReadOnly);
        }
    }

    /// <summary>Handles the first message of the server.</summary>
    public ConnectOutcome OnConnectResponse(in ConnectResponse response, TimeSpan now)
    {
        lock (_lock)
        {
            if (response.Timeout <= 0)
            {
                return SessionId == 0 ? ConnectOutcome.Rejected : ConnectOutcome.Expired;
            }

            var opening = response.SessionId == SessionId ? ConnectOutcome.Resumed : ConnectOutcome.Created;
            (SessionId, _password) = (response.SessionId, response.Password);
            NegotiatedTimeout = TimeSpan.FromMilliseconds(response.Timeout);
            IsReadOnly = response.ReadOnly;
            _sawQuorum |= !response.ReadOnly;
            (_heard, _sent, _looked, _pinged, _isLost) = (now, now, now, false, false);
            _opened = now;
            return opening;
        }
    }

    /// <summary>Handles received messages.</summary>
    /// <param name="now">The time.</param>
    /// <param name="zxid">The newest transaction in them; 0 or less if there is none.</param>
    public void OnReceived(TimeSpan now, long zxid)
    {
        lock (_lock)
        {
            (_heard, _pinged) = (now, false);
            LastZxid = Math.Max(LastZxid, zxid);
        }
    }

    /// <summary>Handles sent bytes.</summary>
    public void OnSent(TimeSpan now)
    {
        lock (_lock)
        {
            _sent = now;
        }
    }

    /// <summary>Handles the passage of time. Called several times per liveness period while connected.</summary>
    public KeepAliveAction OnTick(TimeSpan now)
    {
        lock (_lock)
        {
            // After a pause of this process, the server's messages may still be in the socket. Its silence does not count.
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

            // A server that sends continuously still needs pings from the client.
            if ((now - _heard >= Liveness / 2 && !_pinged) || now - _sent >= NegotiatedTimeout / 3)
            {
                _pinged = true;
                _sent = now;
                return KeepAliveAction.Ping;
            }

            return KeepAliveAction.None;
        }
    }

    /// <summary>Handles the end of a connection or a failed attempt.</summary>
    /// <returns>The delay before the next attempt.</returns>
    public TimeSpan OnDisconnected(TimeSpan now)
    {
        lock (_lock)
        {
            // A connection that ends within a second does not reset the backoff.
            if (!_isLost && now - _opened >= Stable)
            {
                backoff.Reset();
            }

            _isLost = true;
            IsReadOnly = false;
            var wait = backoff.Next();

            // Sessions exist as long as there is no quorum. After it returns they end by their timeout, so a longer delay could end this
            // one.
            return SessionId != 0 && wait > NegotiatedTimeout / 5 ? NegotiatedTimeout / 5 : wait;
        }
    }

    /// <summary>Forgets the session, so that the next connect request is for a new one.</summary>
    /// <remarks>The newest transaction is kept, so that no server that is behind it opens the session.</remarks>
    public void ResetSession()
    {
        lock (_lock)
        {
            (SessionId, _password, NegotiatedTimeout, _sawQuorum) = (0, NoPassword, TimeSpan.Zero, false);
        }
    }

    /// <summary>Forgets the session and the newest transaction, so that any server may open the next session.</summary>
    public void ResetHistory()
    {
        lock (_lock)
        {
            ResetSession();
            LastZxid = 0;
        }
    }
}

/// <summary>Specifies the result of a connect request.</summary>
internal enum ConnectOutcome
{
    /// <summary>The server created a new session.</summary>
    Created,

    /// <summary>The server resumed the session.</summary>
    Resumed,

    /// <summary>The session has expired.</summary>
    Expired,

    /// <summary>The server reports an expired session although a new one was requested.</summary>
    Rejected,
}

/// <summary>Specifies what to do after time has passed.</summary>
internal enum KeepAliveAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Send a ping. It requests a reply and keeps the session alive.</summary>
    Ping,

    /// <summary>Close the connection: the server did not reply to a ping.</summary>
    Disconnect,
}

/// <summary>The timeouts of a session.</summary>
/// <param name="Requested">The session timeout that the client requests.</param>
/// <param name="Liveness">How long a server may stay silent; null: a third of the granted timeout.</param>
internal readonly record struct SessionTimeouts(TimeSpan Requested, TimeSpan? Liveness);
