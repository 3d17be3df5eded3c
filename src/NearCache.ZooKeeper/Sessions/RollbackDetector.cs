using System.Globalization;
using NearCache.Transport;

namespace NearCache.ZooKeeper.Sessions;

/// <summary>
/// Decides when a session is given up that no server opens: only when the ensemble's history has gone back. Events and time in, decisions
/// out. Thread-safe.
/// </summary>
/// <remarks>
/// <para>
/// A server closes a connection before its first answer when it has no quorum, when it has too many connections of this machine, and when
/// the client has seen transactions that the server does not know. Only in the last case does it stay so: the ensemble was wiped, restored
/// or replaced. A live session that is dropped in the first case is a new session to make, and many processes that do so together are an
/// outage of their own.
/// </para>
/// <para>
/// Thus the proof: since the last answer every server of the list was tried, a majority of the list refused, and the same majority, asked
/// twice 30 s apart, serves with a newest transaction below the one that was seen. A transaction that a client has seen is stored by a
/// majority of the voters, so a majority that serves without it has lost it. One server that follows another proves nothing: it may be
/// behind. Where most servers cannot be asked, time decides: after 10 minutes, and a random 0 to 5 that keep a fleet apart.
/// </para>
/// </remarks>
internal sealed class RollbackDetector(Random random)
{
    /// <summary>Between two questions to the servers, and between the two answers of a proof.</summary>
    public static readonly TimeSpan QueryInterval = TimeSpan.FromSeconds(30);

    /// <summary>How long servers refuse before time decides, without the random part.</summary>
    public static readonly TimeSpan MinRefusalDuration = TimeSpan.FromMinutes(10);

    /// <summary>The longest random part.</summary>
    public static readonly TimeSpan RefusalDurationSpread = TimeSpan.FromMinutes(5);

    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<ServerAddress, ServerState> _states = [];
    private TimeSpan? _refusedSince;
    private TimeSpan? _asked;
    private TimeSpan _refusalLimit;

    /// <summary>A server answered the opening of a session, or the list of servers changed: what was found before counts no more.</summary>
    /// <param name="servers">The list from now on.</param>
    public void Reset(IReadOnlyList<ServerAddress> servers)
    {
        lock (_lock)
        {
            (_refusedSince, _asked) = (null, null);
            _states.Clear();
            foreach (var server in servers)
            {
                _states.TryAdd(server, new ServerState());
            }
        }
    }

    /// <summary>A server did not open a session.</summary>
    /// <param name="server">The server.</param>
    /// <param name="isRefusal">
    /// It took the connection and closed it before its first answer; else it could not be reached or said nothing.
    /// </param>
    /// <param name="now">Time on the session's clock.</param>
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

    /// <summary>Whether the servers are to be asked now what they know; their answers are due at <see cref="RecordStatus"/>.</summary>
    /// <param name="lastZxid">
    /// The newest transaction that the client has seen; with none there is nothing that could have gone back.
    /// </param>
    /// <param name="now">Time on the session's clock.</param>
    public bool ShouldQuery(long lastZxid, TimeSpan now)
    {
        lock (_lock)
        {
            if (lastZxid == 0 || _refusedSince is null || now - _asked < QueryInterval)
            {
                return false;
            }

            _asked = now;
            return true;
        }
    }

    /// <summary>What a server answered to the question that was asked last.</summary>
    public void RecordStatus(ServerAddress server, in ServerStatus report, long lastZxid)
    {
        lock (_lock)
        {
            // A list that changed meanwhile has not asked.
            if (_asked is { } asked && _states.TryGetValue(server, out var state))
            {
                state.Report = report;
                state.BehindSince = report.State == ServingState.Serving && report.Zxid < lastZxid ? state.BehindSince ?? asked : null;
            }
        }
    }

    /// <summary>Whether the session is to be given up, and why: a clause that names what was seen; null if not.</summary>
    public string? Evaluate(long lastZxid, TimeSpan now)
    {
        lock (_lock)
        {
            if (lastZxid == 0 || _refusedSince is not { } since || _asked is not { } asked)
            {
                return null;
            }

            var behind = _states.Values.Where(state => asked - state.BehindSince >= QueryInterval).ToList();
            if (behind.Count >= Majority && (behind.Count > 1 || !behind[0].Report.IsFollower))
            {
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{behind.Count} of {_states.Count} servers serve, and know no transaction above 0x{behind.Max(state => state.Report.Zxid):x}, where 0x{lastZxid:x} was seen");
            }

            return now - since >= _refusalLimit && _states.Values.Count(state => state.Report.State != ServingState.Unknown) < Majority
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"the servers have refused it for {(now - since).TotalMinutes:0} minutes, and do not say by '{ServerStatus.Command}' what they know")
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

        public ServerStatus Report { get; set; }

        /// <summary>When the first question was asked that it answered, like every one since, with less than was seen.</summary>
        public TimeSpan? BehindSince { get; set; }
    }
}
