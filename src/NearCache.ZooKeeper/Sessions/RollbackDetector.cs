using System.Globalization;
using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Decides when a session that no server opens is given up: only if the ensemble has lost transactions. Deterministic: events and time in,
/// decisions out. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A server closes a connection before its first reply when it has no quorum, when it has too many connections of this machine, or when the
/// client has seen transactions that the server does not know. Only the last cause is permanent: the ensemble was wiped, restored or
/// replaced. In the first case a client that dropped its session would have to open a new one, and many processes that do so together
/// overload the ensemble.
/// </para>
/// <para>
/// The proof: since the last reply every server of the list was tried, and a majority refused. The same majority, queried twice 30 s apart,
/// serves with a newest transaction below the one that the client has seen. A majority of the voters stores each transaction that a client
/// has seen, so a majority that serves without it has lost it. A single follower proves nothing, because it may be behind its leader.
/// </para>
/// <para>Where most servers do not report their status, time decides: 10 minutes, and a random 0 to 5 minutes that spread a fleet.</para>
/// </remarks>
internal sealed class RollbackDetector(Random random)
{
    /// <summary>The interval between two queries of the servers, and between the two replies of a proof.</summary>
    public static readonly TimeSpan QueryInterval = TimeSpan.FromSeconds(30);

    /// <summary>How long servers refuse before time decides, without the random part.</summary>
    public static readonly TimeSpan MinRefusalDuration = TimeSpan.FromMinutes(10);

    /// <summary>The maximum of the random part.</summary>
    public static readonly TimeSpan RefusalDurationSpread = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();   // guards all fields below
    private readonly Dictionary<ServerAddress, ServerState> _states = [];
    private TimeSpan? _refusedSince;
    private TimeSpan? _queriedAt;
    private TimeSpan _refusalLimit;

    /// <summary>Discards all findings, because a server replied to a connect request or the server list changed.</summary>
    /// <param name="servers">The server list.</param>
    public void Reset(IReadOnlyList<ServerAddress> servers)
    {
        lock (_lock)
        {
            (_refusedSince, _queriedAt) = (null, null);
            _states.Clear();
            foreach (var server in servers)
            {
                _states.TryAdd(server, new ServerState());
            }
        }
    }

    /// <summary>Records that a server did not open a session.</summary>
    /// <param name="server">The server.</param>
    /// <param name="isRefusal">
    /// Whether the server accepted the connection and closed it before its first reply. Otherwise it was unreachable or silent.
    /// </param>
    /// <param name="now">The time on the clock of the session.</param>
    public void RecordFailure(ServerAddress server, bool isRefusal, TimeSpan now)
    {
        lock (_lock)
        {
            if (_states.TryGetValue(server, out var state))
            {
                (state.WasTried, state.Refused) = (true, isRefusal);
                if (!IsRefusedByMajority())
                {
                    _refusedSince = null;
                }
                else if (_refusedSince is null)
                {
                    _refusedSince = now;
                    _refusalLimit = MinRefusalDuration + (RefusalDurationSpread * random.NextDouble());
                }
            }
        }
    }

    /// <summary>Returns whether to query the status of the servers now. Pass the replies to <see cref="RecordStatus"/>.</summary>
    /// <param name="lastZxid">The newest transaction that the client has seen; 0 if none, so that nothing can be lost.</param>
    /// <param name="now">The time on the clock of the session.</param>
    public bool ShouldQuery(long lastZxid, TimeSpan now)
    {
        lock (_lock)
        {
            if (lastZxid == 0 || _refusedSince is null || now - _queriedAt < QueryInterval)
            {
                return false;
            }

            _queriedAt = now;
            return true;
        }
    }

    /// <summary>Records the status that a server reported to the last query.</summary>
    public void RecordStatus(ServerAddress server, in ServerStatus status, long lastZxid)
    {
        lock (_lock)
        {
            // After a change of the list, the reply belongs to no query.
            if (_queriedAt is { } queriedAt && _states.TryGetValue(server, out var state))
            {
                state.Status = status;
                state.BehindSince = status.State == ServingState.Serving && status.Zxid < lastZxid ? state.BehindSince ?? queriedAt : null;
            }
        }
    }

    /// <summary>Returns a clause that names the evidence if the session must be given up; otherwise null.</summary>
    public string? Evaluate(long lastZxid, TimeSpan now)
    {
        lock (_lock)
        {
            if (lastZxid == 0 || _refusedSince is not { } since || _queriedAt is not { } queriedAt)
            {
                return null;
            }

            var behind = _states.Values.Where(state => queriedAt - state.BehindSince >= QueryInterval).ToList();
            if (behind.Count >= Majority && (behind.Count > 1 || !behind[0].Status.IsFollower))
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{behind.Count} of {_states.Count} servers serve and know no transaction above "
                    + $"0x{behind.Max(state => state.Status.Zxid):x}, but this client has seen 0x{lastZxid:x}");
            }

            return now - since >= _refusalLimit && _states.Values.Count(state => state.Status.State != ServingState.Unknown) < Majority
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"the servers have refused it for {(now - since).TotalMinutes:0} minutes and do not report their status by "
                    + $"'{ServerStatus.Command}'")
                : null;
        }
    }

    private int Majority => (_states.Count / 2) + 1;

    private bool IsRefusedByMajority() =>
        _states.Values.All(state => state.WasTried) && _states.Values.Count(state => state.Refused) >= Majority;

    private sealed class ServerState
    {
        public bool WasTried { get; set; }

        public bool Refused { get; set; }

        public ServerStatus Status { get; set; }

        /// <summary>
        /// Gets or sets when the first query was sent since which every reply reported fewer transactions than the client has seen.
        /// </summary>
        public TimeSpan? BehindSince { get; set; }
    }
}
